// What administrators may ask, of a running server or where none runs: one table of commands, JSON in and JSON out.
// Must not know: how a request arrives (admin_socket.hpp), how it is written on a command line (gantryd/).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user_records.hpp"
#include "config/config.hpp"
#include "limits/ban_book.hpp"
#include "server/admin_quotas.hpp"
#include "session/summary.hpp"

namespace gantry::server {

namespace json = boost::json;

/// sysexits.h, where it has a word: what scripts know.
enum class Exit : int { done = 0, failed = 1, usage = 64, unavailable = 69, configuration = 78 };

struct AdminAnswer {
  Exit exit = Exit::done;
  json::value result{};
  std::vector<std::string> problems{};  ///< sentences; some unless done
  std::vector<std::string> warnings{};
};

[[nodiscard]] AdminAnswer refusal(Exit exit, std::string problem);
/// not_found and already_exists: failed; invalid: usage; what may come back: unavailable.
[[nodiscard]] AdminAnswer refusal(const Error& error);
/// {"exit": 0, "result": ..., "problems": [...], "warnings": [...]}
[[nodiscard]] json::object to_json(AdminAnswer answer);
/// UTC, RFC 3339.
[[nodiscard]] std::string time_text(WallTime time);
/// Text of a peer's, which may hold any byte, as JSON may hold it.
[[nodiscard]] json::string json_text(std::string_view text);
/// The member, empty when it is missing or no text.
[[nodiscard]] std::string text_of(const json::object& arguments, std::string_view name);

/// What only a running server can do. Called on the main thread.
class Control {
 public:
  virtual ~Control() = default;
  [[nodiscard]] virtual Task<std::vector<session::Summary>> sessions() = 0;
  /// Ends those that are chosen, with what they transfer; how many there were.
  [[nodiscard]] virtual Task<std::size_t> kill(std::function<bool(const session::Summary&)> chosen) = 0;
  /// Reads the configuration anew. With problems nothing has changed.
  struct Reloaded {
    std::vector<std::string> problems;
    std::vector<std::string> warnings;
  };
  [[nodiscard]] virtual Task<Reloaded> reload() = 0;
  /// Brings what the server knows of bans and the book of them together, as far as the book can be reached.
  [[nodiscard]] virtual Task<void> exchange_bans() = 0;
  /// Applies the speed limits of accounts, as they are now, to running sessions.
  [[nodiscard]] virtual Task<void> follow_users() = 0;
};

struct AdminContext {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<accounts::UserRecords> users;  ///< null: there is no database, or not yet
  std::shared_ptr<limits::BanBook> bans;         ///< never null
  QuotaAnswerer quotas;
  Control* control = nullptr;  ///< null: no server runs here
};

enum class Needs : std::uint8_t {
  reading,  ///< what the state database holds; none at all will do
  writing,  ///< the state database, made when it is missing
  server,   ///< one that runs
};

struct AdminCommand {
  std::string_view name;  ///< "user.add"
  Needs needs;
  Task<AdminAnswer> (*run)(AdminContext context, json::object arguments);
};

/// Null: there is none of that name.
[[nodiscard]] const AdminCommand* find_admin_command(std::string_view name);

/// The answer to {"command": "user.add", "arguments": {...}}.
[[nodiscard]] Task<AdminAnswer> answer_admin(AdminContext context, json::object request);

}  // namespace gantry::server
