#include "gantryd/admin.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/password.hpp"
#include "base/text.hpp"
#include "config/loader.hpp"
#include "config/user_text.hpp"
#include "gantryd/password_input.hpp"
#include "gantryd/tables.hpp"
#include "server/admin_client.hpp"
#include "server/wire.hpp"

namespace gantry {
namespace {

using server::AdminAnswer;
using server::Exit;
namespace json = boost::json;

/// What the words of the command line said.
struct Request {
  json::object arguments;
  bool needs_password = false;
  bool password_stdin = false;
  bool hash_stdin = false;
};

void take_name(CLI::App& command, Request& request) {
  command
      .add_option_function<std::string>(
          "NAME", [&request](const std::string& name) { request.arguments["name"] = name; }, "the user")
      ->required();
}

void take_password(CLI::App& command, Request& request) {
  request.needs_password = true;
  auto* plain = command.add_flag("--password-stdin", request.password_stdin,
                                 "read the password from standard input instead of asking for it");
  command
      .add_flag("--hash-stdin", request.hash_stdin,
                "read a hash of crypt(3) or argon2 from standard input, not a password")
      ->excludes(plain);
}

/// "quota_bytes" is --quota-bytes. One row of the configuration's table is one option.
void take_settings(CLI::App& command, Request& request) {
  for (const config::Setting* setting : config::user_text_settings()) {
    std::string option = "--" + std::string(setting->name);
    std::ranges::replace(option, '_', '-');
    auto put = [&request, name = setting->name](const std::vector<std::string>& words) {
      json::array all;
      for (const std::string& word : words) all.push_back(json::string(word));
      request.arguments.emplace("settings", json::object()).first->value().get_object()[name] = std::move(all);
    };
    auto* added = command.add_option_function<std::vector<std::string>>(option, put, std::string(setting->help));
    // Paths and patterns may hold commas: several of them are several options.
    const auto words = config::words_of(*setting);
    added->expected(1, words == config::Words::one ? 1 : -1)->allow_extra_args(false);
    added->type_name(words == config::Words::one     ? "VALUE"
                     : words == config::Words::table ? "PATH=VALUE ..."
                                                     : "TEXT ...");
    if (setting->kind == config::Kind::networks) added->delimiter(',');
  }
}

void take_new_user(CLI::App& command, Request& request) {
  take_name(command, request);
  take_password(command, request);
  take_settings(command, request);
}

void take_changes(CLI::App& command, Request& request) {
  take_name(command, request);
  take_settings(command, request);
}

void take_name_and_password(CLI::App& command, Request& request) {
  take_name(command, request);
  take_password(command, request);
}

void take_disabled(CLI::App& command, Request& request, bool disabled) {
  take_name(command, request);
  request.arguments["settings"] = json::object{{"disabled", json::array{disabled ? "true" : "false"}}};
}
void disable(CLI::App& command, Request& request) { take_disabled(command, request, true); }
void enable(CLI::App& command, Request& request) { take_disabled(command, request, false); }

void take_session(CLI::App& command, Request& request) {
  auto* id = command.add_option_function<std::uint64_t>(
      "ID", [&request](std::uint64_t number) { request.arguments["id"] = number; }, "its number, as the list shows it");
  command
      .add_option_function<std::string>(
          "--user", [&request](const std::string& name) { request.arguments["user"] = name; }, "all of this user")
      ->excludes(id);
}

void take_network(CLI::App& command, Request& request) {
  command
      .add_option_function<std::string>(
          "NETWORK", [&request](const std::string& network) { request.arguments["network"] = network; },
          "an address (IPv6: its /64), or a network such as 192.0.2.0/24")
      ->required();
}

void take_ban(CLI::App& command, Request& request) {
  take_network(command, request);
  command.add_option_function<std::string>(
      "--for", [&request](const std::string& duration) { request.arguments["for"] = duration; },
      "how long, such as 1h or 7d; otherwise until it is removed");
}

void take_nothing(CLI::App&, Request&) {}

/// One command: its words on the command line, the server's name of it, what it takes and how its result is shown.
struct Command {
  std::string_view words;
  std::string_view name;
  std::string_view help;
  void (*take)(CLI::App&, Request&);
  std::string (*show)(const json::value& result);
};

constexpr std::array commands{
    Command{"user add", "user.add", "add a user to the state database", take_new_user, show_done},
    Command{"user show", "user.show", "everything about a user but the password", take_name, show_user},
    Command{"user list", "user.list", "users of the configuration file and of the state database", take_nothing,
            show_users},
    Command{"user set", "user.set", "change settings of a user; the others stay", take_changes, show_done},
    Command{"user passwd", "user.passwd", "give a user another password", take_name_and_password, show_done},
    Command{"user disable", "user.set", "refuse the user's logins; sessions that run go on", disable, show_done},
    Command{"user enable", "user.set", "accept the user's logins again", enable, show_done},
    Command{"user remove", "user.remove", "remove a user, not what the user stored; sessions that run go on", take_name,
            show_done},
    Command{"quota show", "quota.show", "what a user stores, and what is left of the quota", take_name, show_quota},
    Command{"quota recount", "quota.recount", "count anew what a user stores, beside sessions that change it",
            take_name, show_quota},
    Command{"ban list", "ban.list", "who is banned, since when and why", take_nothing, show_bans},
    Command{"ban add", "ban.add", "turn an address or network away; sessions that run go on", take_ban, show_done},
    Command{"ban remove", "ban.remove", "let an address or network in again", take_network, show_done},
    Command{"sessions list", "sessions.list", "who is there and what is under way", take_nothing, show_sessions},
    Command{"sessions kill", "sessions.kill", "end a session, or all of a user, with what they transfer", take_session,
            show_ended},
    Command{"reload", "reload", "read the configuration anew, as after SIGHUP, and say what is wrong with it",
            take_nothing, show_done},
};

/// The first words of commands of two.
const std::map<std::string, std::string, std::less<>>& groups() {
  static const std::map<std::string, std::string, std::less<>> all{
      {"user", "users, in the state database"},
      {"quota", "what users store, and may store"},
      {"ban", "banned addresses and networks, of all servers on the state database"},
      {"sessions", "sessions of the running server"},
  };
  return all;
}

/// Empty, or what is wrong with the password that was given.
std::string put_password(Request& request, const accounts::HashCost& cost) {
  auto given = request.password_stdin || request.hash_stdin ? read_line_of_input() : ask_for_new_password();
  if (!given) return given.error();
  if (!request.hash_stdin) {
    auto hash = accounts::hash_password(given->reveal(), cost);
    if (!hash) return "the password cannot be used: " + hash.error().text();
    given = Secret(*std::move(hash));
  }
  request.arguments["password"] = server::json_text(given->reveal());
  return {};
}

}  // namespace

struct AdminCommands::Parts {
  struct Added {
    const Command* command;
    const CLI::App* app;
    Request request;
  };
  std::string& file;
  bool as_json = false;
  std::vector<std::unique_ptr<Added>> all{};

  [[nodiscard]] Added* parsed() const {
    for (const auto& one : all)
      if (one->app->parsed()) return one.get();
    return nullptr;
  }
  [[nodiscard]] AdminAnswer ask(Added& asked) const;
  void print(const Command& command, AdminAnswer answer) const;
};

AdminCommands::AdminCommands(CLI::App& app, std::string& file) : parts_(new Parts{file}) {
  std::map<std::string, CLI::App*, std::less<>> group_apps;
  for (const Command& command : commands) {
    CLI::App* parent = &app;
    std::string word(command.words);
    if (const std::size_t blank = word.find(' '); blank != std::string::npos) {
      const std::string group = word.substr(0, blank);
      CLI::App*& place = group_apps[group];
      if (place == nullptr) {
        place = app.add_subcommand(group, groups().at(group));
        place->require_subcommand(1);
      }
      parent = place;
      word = word.substr(blank + 1);
    }
    CLI::App* leaf = parent->add_subcommand(word, std::string(command.help));
    leaf->add_option("--config", file, "configuration file");
    leaf->add_flag("--json", parts_->as_json, "print the answer as JSON: exit, result, problems, warnings");
    parts_->all.push_back(std::make_unique<Parts::Added>(Parts::Added{&command, leaf, {}}));
    command.take(*leaf, parts_->all.back()->request);
  }
}

AdminCommands::~AdminCommands() = default;

bool AdminCommands::parsed() const { return parts_->parsed() != nullptr; }

AdminAnswer AdminCommands::Parts::ask(Added& asked) const {
  auto loaded = config::load_file(file);
  if (!loaded) {
    AdminAnswer answer{.exit = Exit::configuration};
    for (const auto& problem : loaded.error()) answer.problems.push_back(config::format(problem));
    return answer;
  }
  if (asked.request.needs_password)
    if (const std::string problem = put_password(asked.request, server::hash_cost(loaded->config)); !problem.empty())
      return server::refusal(Exit::usage, problem);
  return server::ask_admin(std::make_shared<const config::Config>(std::move(loaded->config)),
                           {{"command", asked.command->name}, {"arguments", std::move(asked.request.arguments)}});
}

void AdminCommands::Parts::print(const Command& command, AdminAnswer answer) const {
  if (as_json) {
    fmt::print("{}\n", json::serialize(server::to_json(std::move(answer))));
    return;
  }
  for (const std::string& warning : answer.warnings) fmt::print(stderr, "warning: {}\n", escape_control(warning));
  for (const std::string& problem : answer.problems) fmt::print(stderr, "{}\n", escape_control(problem));
  if (answer.exit == Exit::done) fmt::print("{}", command.show(answer.result));
}

int AdminCommands::run() {
  Parts::Added& asked = *parts_->parsed();
  AdminAnswer answer = parts_->ask(asked);
  const int exit = static_cast<int>(answer.exit);
  parts_->print(*asked.command, std::move(answer));
  return exit;
}

}  // namespace gantry
