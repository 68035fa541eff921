// Every check on a command, in one fixed order; handlers hold none.
#pragma once

#include <expected>
#include <string>

#include "proto/command_line.hpp"
#include "proto/reply.hpp"
#include "session/command_table.hpp"

namespace gantry::session {

class Session;

/// A command that passed every check, or the reply that refuses it. The order: known, offered, gate, TLS policy,
/// argument, permission, protection of the data connection, data connection announced.
/// Clears the state that the command does not keep.
[[nodiscard]] std::expected<const Row*, proto::Reply> admit(Session& session, const proto::CommandLine& command);

/// The same checks for a SITE or OPTS sub-command, then its handler.
[[nodiscard]] Task<proto::Reply> run_sub_command(Session& session, std::string_view parent, std::span<const Row> table,
                                                 std::string argument);

/// For HELP of a command or a sub-table: the syntax lines of the rows offered in this session.
[[nodiscard]] std::vector<std::string> help_lines(const Session& session, std::span<const Row> table);

}  // namespace gantry::session
