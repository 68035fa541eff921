#include "session/dispatch.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"

namespace gantry::session {
namespace {

using proto::reply;
using Refusal = std::optional<proto::Reply>;

Refusal check_gate(const Session& session, const Row& row) {
  const State& state = session.state;
  switch (row.gate) {
    case Gate::always:
      return std::nullopt;
    case Gate::after_user:
      if (state.logged_in) return reply(503, "You are logged in already");
      if (state.user.empty()) return reply(503, "Send USER first");
      return std::nullopt;
    case Gate::logged_in:
      if (!state.logged_in) return reply(530, "Log in with USER and PASS first");
      return std::nullopt;
  }
  return std::nullopt;
}

Refusal check_tls_policy(const Session& session, const Row& row) {
  if (row.before_tls == BeforeTls::allowed || session.encrypted()) return std::nullopt;
  if (!session.config().tls.required) return std::nullopt;
  return reply(530, "This server requires TLS: send AUTH TLS first");
}

Refusal check_argument(const Row& row, bool has_argument) {
  if (row.argument != Argument::required || has_argument) return std::nullopt;
  return reply(501, fmt::format("An argument is missing: {}", row.syntax));
}

/// Is the command for this account at all? Where it may be used is up to the tree, which sees every path
/// (vfs::RulesFileSystem).
Refusal check_permission(const Session& session, const Row& row) {
  const accounts::Account& account = session.state.account;
  if (row.permission == accounts::Permission::none) return std::nullopt;
  if (row.permission == accounts::Permission::remove && !account.delete_enable) return deleting_is_off();
  const accounts::Permissions permissions = account.permissions_anywhere();
  if (permissions.allows(row.permission)) return std::nullopt;
  const bool held = row.held_permission != accounts::Permission::none;
  if (held && permissions.allows(row.held_permission)) return std::nullopt;
  return no_permission();
}

Refusal check_data_connection(Session& session, const Row& row) {
  if (row.data == Data::unused) return std::nullopt;
  const State& state = session.state;
  bool must_protect = session.config().tls.required || state.account.require_tls;
  if (must_protect && state.protection == Protection::clear)
    return reply(521, "Data connections must be protected here: send PBSZ 0 and PROT P");
  if (!state.data.set()) return reply(425, "No data connection was announced: send PASV, EPSV, PORT or EPRT first");
  return std::nullopt;
}

Refusal check(Session& session, const Row& row, bool has_argument) {
  if (!offered(row, session)) return reply(502, "This command is not enabled on this server");
  if (auto refusal = check_gate(session, row)) return refusal;
  if (auto refusal = check_tls_policy(session, row)) return refusal;
  if (auto refusal = check_argument(row, has_argument)) return refusal;
  if (auto refusal = check_permission(session, row)) return refusal;
  return check_data_connection(session, row);
}

void forget(Session& session, const Row& row) {
  State& state = session.state;
  if (row.keeps != Keeps::rename_source) state.rename_from.reset();
  // A data command takes the parameters with it and forgets them itself, even when it fails.
  if (row.keeps != Keeps::transfer_parameters && row.data == Data::unused) state.next = {};
}

}  // namespace

std::expected<const Row*, proto::Reply> admit(Session& session, const proto::CommandLine& command) {
  const Row* row = find_row(command_table(), command.verb);
  if (row == nullptr)
    return std::unexpected(reply(session.state.logged_in ? 500 : 530, session.state.logged_in
                                                                          ? "Unknown command; HELP lists what there is"
                                                                          : "Log in with USER and PASS first"));
  auto refusal = check(session, *row, command.has_argument && !command.argument.empty());
  // Refused or not, the command came in between; a refused transfer was a try too.
  if (refusal && row->data == Data::used) {
    session.state.next = {};
    session.state.data.clear();  // or the client would wait on a connection nobody reads
  }
  forget(session, *row);
  if (refusal) return std::unexpected(std::move(*refusal));
  return row;
}

Task<proto::Reply> run_sub_command(Session& session, std::string_view parent, std::span<const Row> table,
                                   std::string argument) {
  auto command = proto::parse_command(argument);
  const Row* row = find_row(table, command.verb);
  if (row == nullptr) co_return reply(501, fmt::format("Unknown {} command", parent));
  if (auto refusal = check(session, *row, command.has_argument && !command.argument.empty()))
    co_return std::move(*refusal);
  co_return co_await row->handler(session, std::move(command.argument));
}

std::vector<std::string> help_lines(const Session& session, std::span<const Row> table) {
  std::vector<std::string> lines;
  for (const Row& row : table) {
    if (offered(row, session)) lines.emplace_back(row.syntax);
  }
  return lines;
}

}  // namespace gantry::session
