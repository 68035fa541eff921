#include "server/admin.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "server/admin_bans.hpp"
#include "server/admin_users.hpp"

namespace gantry::server {
namespace {

std::int64_t seconds_of(Milliseconds time) { return std::chrono::duration_cast<Seconds>(time).count(); }

json::object describe(const session::Summary& one) {
  return {{"id", one.id},
          {"peer", one.peer},
          {"user", json_text(one.user)},
          {"tls", one.encrypted},
          {"client", json_text(one.client)},
          {"directory", json_text(one.directory)},
          {"seconds", seconds_of(one.age)},
          {"idle_seconds", seconds_of(one.idle)},
          {"transfer", json_text(one.transfer)},
          {"bytes", one.bytes}};
}

Task<AdminAnswer> list_sessions(AdminContext context, json::object) {
  auto all = co_await context.control->sessions();
  std::ranges::sort(all, {}, &session::Summary::id);
  json::array lines;
  for (const session::Summary& one : all) lines.push_back(describe(one));
  co_return AdminAnswer{.result = std::move(lines)};
}

Task<AdminAnswer> kill_sessions(AdminContext context, json::object arguments) {
  const std::string user = text_of(arguments, "user");
  const json::value* id = arguments.if_contains("id");
  if (user.empty() == (id == nullptr)) co_return refusal(Exit::usage, "give either the number of a session or a user");
  if (id != nullptr && !id->is_number()) co_return refusal(Exit::usage, "the number of a session is a whole number");
  boost::system::error_code inexact;
  const auto wanted = id != nullptr ? id->to_number<std::uint64_t>(inexact) : 0;
  if (inexact) co_return refusal(Exit::usage, "the number of a session is a whole number");
  const std::size_t ended = co_await context.control->kill(
      [=](const session::Summary& one) { return user.empty() ? one.id == wanted : one.user == user; });
  if (ended == 0 && user.empty()) co_return refusal(Exit::failed, fmt::format("there is no session {}", wanted));
  if (ended == 0) co_return refusal(Exit::failed, fmt::format("{} has no session", escape_control(user)));
  co_return AdminAnswer{.result = json::object{{"ended", ended}}};
}

/// What is left of a limit; nothing where there is none.
json::value left_of(std::uint64_t limit, std::uint64_t used) {
  if (limit == 0) return nullptr;
  return limit - std::min(limit, used);
}

Task<AdminAnswer> answer_quota(AdminContext context, json::object arguments, QuotaAsked asked) {
  const std::string user = text_of(arguments, "name");
  auto report = co_await context.quotas(user, asked);
  if (!report) co_return refusal(report.error());
  const auto& [limits, use] = *report;
  co_return AdminAnswer{.result = json::object{{"name", json_text(user)},
                                               {"counted", use.known},
                                               {"to_be_counted", use.due},
                                               {"bytes", use.used.bytes},
                                               {"files", use.used.files},
                                               {"quota_bytes", limits.bytes},
                                               {"quota_files", limits.files},
                                               {"bytes_left", left_of(limits.bytes, use.used.bytes)},
                                               {"files_left", left_of(limits.files, use.used.files)}}};
}

Task<AdminAnswer> show_quota(AdminContext context, json::object arguments) {
  return answer_quota(std::move(context), std::move(arguments), QuotaAsked::as_known);
}

Task<AdminAnswer> recount_quota(AdminContext context, json::object arguments) {
  return answer_quota(std::move(context), std::move(arguments), QuotaAsked::counted_anew);
}

Task<AdminAnswer> reload(AdminContext context, json::object) {
  auto reloaded = co_await context.control->reload();
  AdminAnswer answer;
  if (!reloaded.problems.empty()) answer.exit = Exit::configuration;
  answer.problems = std::move(reloaded.problems);
  answer.warnings = std::move(reloaded.warnings);
  co_return answer;
}

/// All there are.
constexpr std::array commands{
    AdminCommand{"user.add", Needs::writing, add_user},
    AdminCommand{"user.show", Needs::reading, show_user},
    AdminCommand{"user.list", Needs::reading, list_users},
    AdminCommand{"user.set", Needs::writing, set_user},
    AdminCommand{"user.passwd", Needs::writing, set_user_password},
    AdminCommand{"user.remove", Needs::writing, remove_user},
    AdminCommand{"quota.show", Needs::reading, show_quota},
    AdminCommand{"quota.recount", Needs::writing, recount_quota},
    AdminCommand{"ban.list", Needs::reading, list_bans},
    AdminCommand{"ban.add", Needs::writing, add_ban},
    AdminCommand{"ban.remove", Needs::writing, remove_ban},
    AdminCommand{"sessions.list", Needs::server, list_sessions},
    AdminCommand{"sessions.kill", Needs::server, kill_sessions},
    AdminCommand{"reload", Needs::server, reload},
};

json::array to_array(std::vector<std::string> texts) {
  json::array all;
  for (const std::string& text : texts) all.push_back(json_text(text));
  return all;
}

}  // namespace

AdminAnswer refusal(Exit exit, std::string problem) {
  AdminAnswer answer;
  answer.exit = exit;
  answer.problems.push_back(std::move(problem));
  return answer;
}

AdminAnswer refusal(const Error& error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::already_exists:
      return refusal(Exit::failed, error.detail);
    case Errc::invalid:
      return refusal(Exit::usage, error.text());
    case Errc::conflict:
    case Errc::throttled:
    case Errc::timed_out:
    case Errc::unavailable:
      return refusal(Exit::unavailable, error.text());
    default:
      return refusal(Exit::failed, error.text());
  }
}

json::object to_json(AdminAnswer answer) {
  return {{"exit", static_cast<int>(answer.exit)},
          {"result", std::move(answer.result)},
          {"problems", to_array(std::move(answer.problems))},
          {"warnings", to_array(std::move(answer.warnings))}};
}

std::string time_text(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", std::chrono::floor<std::chrono::seconds>(time));
}

json::string json_text(std::string_view text) {
  if (is_utf8(text)) return json::string(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80)
      out += c;
    else
      out += fmt::format("\\x{:02x}", byte);
  }
  return json::string(out);
}

std::string text_of(const json::object& arguments, std::string_view name) {
  const json::value* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const AdminCommand* find_admin_command(std::string_view name) {
  const auto* found = std::ranges::find(commands, name, &AdminCommand::name);
  return found == commands.end() ? nullptr : found;
}

Task<AdminAnswer> answer_admin(AdminContext context, json::object request) {
  const std::string name = text_of(request, "command");
  const AdminCommand* command = find_admin_command(name);
  if (command == nullptr)
    co_return refusal(Exit::usage, fmt::format("there is no command \"{}\"; do gantryd and the server it talks to have "
                                               "the same version?",
                                               escape_control(name)));
  if (command->needs == Needs::server && context.control == nullptr)
    co_return refusal(Exit::unavailable, "no server runs with this configuration");
  if (command->needs == Needs::writing && !context.users)
    co_return refusal(Exit::configuration, "server.state: \"sqlite::memory:\" keeps nothing; name a file or a server");
  const json::value* arguments = request.if_contains("arguments");
  const bool given = arguments != nullptr && arguments->is_object();
  co_return co_await command->run(std::move(context), given ? arguments->get_object() : json::object());
}

}  // namespace gantry::server
