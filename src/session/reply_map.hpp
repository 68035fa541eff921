// The one place that knows both error codes and reply codes (RFC 959 section 4.2). The first digit tells the truth:
// 4 means that the same command may work later. The client sees a fixed sentence, never a path of ours or a secret.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "proto/reply.hpp"

namespace gantry::session {

class Session;

[[nodiscard]] proto::Reply to_reply(const Error& error);

/// The same for a command that failed, with the reason in the log: what the client must not see, the operator must.
[[nodiscard]] proto::Reply refuse(const Session& session, const Error& error);

}  // namespace gantry::session
