// The command table: one row a verb, everything dispatch needs to know about it. A verb's name stands here only.
// SITE and OPTS have tables of the same row type.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "accounts/permissions.hpp"
#include "async/task.hpp"
#include "proto/reply.hpp"

namespace gantry::session {

class Session;

/// A handler does its command and nothing else: every check has been made before. The argument is what stood after
/// one blank, untouched.
using Handler = Task<proto::Reply> (*)(Session& session, std::string argument);
/// The line FEAT (RFC 2389) shows for a row in this session.
using FeatureLine = std::string (*)(const Session& session);

enum class Gate : std::uint8_t { always, after_user, logged_in };
enum class BeforeTls : std::uint8_t { refused, allowed };  ///< where tls.required is set
enum class Argument : std::uint8_t { none, optional, required };
/// Quick handlers run inside the control loop; slow ones (storage, transfers) beside it, so that the loop keeps
/// hearing ABOR, STAT and the end of the connection.
enum class Runs : std::uint8_t { quick, slow };
/// What a command does while a slow one runs: wait its turn, be answered at once, or stop the slow one on arrival.
enum class During : std::uint8_t { waits, answered, aborts };
enum class Data : std::uint8_t { unused, used };  ///< opens a data connection
enum class Needs : std::uint8_t { nothing, tls, active_mode, mode_z };
/// REST, RANG and ALLO live until the next transfer try; commands clients send in between keep them.
enum class Keeps : std::uint8_t { nothing, transfer_parameters, rename_source };
enum class Secrecy : std::uint8_t { open, secret };  ///< secret arguments are masked in the log

struct Row {
  std::string_view verb;
  Handler handler = nullptr;
  Gate gate = Gate::logged_in;
  BeforeTls before_tls = BeforeTls::refused;
  accounts::Permission permission = accounts::Permission::none;
  /// With this one instead the command works too, but tells of interrupted uploads only, which their owner continues.
  accounts::Permission held_permission = accounts::Permission::none;
  Argument argument = Argument::none;
  Runs runs = Runs::quick;
  During during = During::waits;
  Data data = Data::unused;
  Needs needs = Needs::nothing;
  Keeps keeps = Keeps::nothing;
  Secrecy secrecy = Secrecy::open;
  FeatureLine feature = nullptr;
  std::string_view syntax;  ///< for HELP and for 501: "RETR <path>"
};

/// The rows in alphabetical order.
[[nodiscard]] std::span<const Row> command_table();
[[nodiscard]] std::span<const Row> site_table();
[[nodiscard]] std::span<const Row> opts_table();

/// The table of the row's own sub-commands; empty for most.
[[nodiscard]] std::span<const Row> sub_commands(const Row& row);

/// The row of an upper-case verb, or null.
[[nodiscard]] const Row* find_row(std::span<const Row> table, std::string_view verb);

/// Is what the row needs there, in this configuration?
[[nodiscard]] bool offered(const Row& row, const Session& session);

}  // namespace gantry::session
