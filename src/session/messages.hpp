// Texts of the operator's for the people at the other end: greeting, welcome, message of a directory.
// Must not know: when they are said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/reply.hpp"
#include "session/session.hpp"

namespace gantry::session {

/// The text with names put in: %u the user, %a the client's address, %d the working directory, %t the time (UTC),
/// %% a percent sign. Anything else stays as it is. At most some 20 KiB, whatever the names are.
[[nodiscard]] std::string put_names_in(const Session& session, std::string_view text);

/// The same by lines; nothing for an empty text.
[[nodiscard]] std::vector<std::string> message_lines(const Session& session, std::string_view text);

/// A reply with lines in front of its own; none: a plain reply.
[[nodiscard]] proto::Reply with_message(int code, std::vector<std::string> lines, std::string text);

/// The lines of server.message_file in the working directory: its first 4 KiB, when they are UTF-8 and the user may
/// read it; otherwise nothing. One download from the store, none when the setting is empty.
[[nodiscard]] Task<std::vector<std::string>> directory_message(Session& session);

}  // namespace gantry::session
