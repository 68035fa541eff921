#include "server/admin_users.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/password_hash.hpp"
#include "base/text.hpp"
#include "config/user_text.hpp"

namespace gantry::server {
namespace {

using accounts::UserRecord;

/// "argon2id", "6", "y": what stands between the first two dollars.
std::string kind_of(const Secret& password) {
  const std::string& text = password.reveal();
  return is_password_hash(text) ? text.substr(1, text.find('$', 1) - 1) : "plain text";
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array all;
  for (const std::string& text : texts) all.push_back(json_text(text));
  return all;
}

/// The value of a setting of a user; amounts as plain numbers.
json::value value_of(const config::Setting& setting, const config::Value& value) {
  if (setting.hidden()) return json::string(hidden_secret);
  if (const auto* text = std::get_if<std::string>(&value)) return json_text(*text);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* number = std::get_if<std::uint64_t>(&value)) return *number;
  if (const auto* time = std::get_if<Milliseconds>(&value)) return time->count() / 1000;
  if (const auto* choice = std::get_if<config::Choice>(&value)) return json::string(setting.choices[choice->index]);
  if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) return array_of(*texts);
  if (const auto* place = std::get_if<config::Mount>(&value)) return json_text(config::format_place(*place));
  json::object entries;
  if (const auto* map = std::get_if<std::map<std::string, std::string>>(&value))
    for (const auto& [path, text] : *map) entries[path] = json_text(text);
  if (const auto* map = std::get_if<std::map<std::string, config::Mount>>(&value))
    for (const auto& [path, place] : *map) entries[path] = json_text(config::format_place(place));
  return entries;
}

json::object describe(config::User user, std::string_view source) {
  json::object settings;
  for (const config::Setting* setting : config::user_text_settings())
    settings[setting->name] = value_of(*setting, setting->get(&user));
  return {{"name", json_text(user.name)},
          {"source", source},
          {"password", kind_of(user.password)},
          {"settings", std::move(settings)}};
}

config::UserText text_of_record(const UserRecord& record) { return {record.name, record.password, record.settings}; }

const config::User* find_in_file(const config::Config& config, const std::string& name) {
  const auto found = std::ranges::find(config.users, name, &config::User::name);
  return found == config.users.end() ? nullptr : &*found;
}

json::object describe(const UserRecord& record, const config::Config& config) {
  json::object out;
  if (auto user = config::read_user(text_of_record(record))) {
    out = describe(*std::move(user), "database");
  } else {
    out = {{"name", json_text(record.name)}, {"source", "database"}, {"password", kind_of(record.password)}};
    json::array problems;
    for (const auto& problem : user.error()) problems.push_back(json_text(config::format(problem)));
    out["problems"] = std::move(problems);
  }
  out["hidden"] = find_in_file(config, record.name) != nullptr;
  out["created"] = time_text(record.created);
  out["changed"] = time_text(record.changed);
  return out;
}

std::vector<std::string> sentences(const std::vector<config::Problem>& problems) {
  std::vector<std::string> all;
  for (const auto& problem : problems) all.push_back(config::format(problem));
  return all;
}

AdminAnswer change_the_file(const config::Config& config, const std::string& name) {
  return refusal(Exit::failed, fmt::format("{} is a user of {}; change it there, then: gantryd reload",
                                           escape_control(name), config.source));
}

/// What was given of the settings, as TOML; sentences about what is wrong.
struct GivenSettings {
  std::map<std::string, std::string> toml;
  std::map<std::string, std::string> refused;  ///< key -> sentence
};

GivenSettings read_settings(const json::object& arguments, const std::string& user) {
  GivenSettings given;
  const json::value* settings = arguments.if_contains("settings");
  if (settings == nullptr || !settings->is_object()) return given;
  for (const auto& [key, value] : settings->get_object()) {
    std::vector<std::string> words;
    if (value.is_array())
      for (const json::value& word : value.get_array())
        if (word.is_string()) words.emplace_back(word.get_string());
    const std::string name(key);
    if (auto toml = config::setting_from_words(name, words))
      given.toml.emplace(name, *std::move(toml));
    else
      given.refused.emplace(fmt::format("user.{}.{}", escape_control(user), escape_control(name)), toml.error());
  }
  return given;
}

/// Reads the user as it would be and says everything that is wrong with it; done when nothing is.
AdminAnswer check(const UserRecord& record, GivenSettings given, const config::Config& config) {
  AdminAnswer answer;
  for (const auto& [key, sentence] : given.refused) answer.problems.push_back(key + ": " + sentence);
  if (!is_password_hash(record.password.reveal()))
    answer.problems.push_back(fmt::format("user.{}.password: must be a hash", escape_control(record.name)));
  auto text = text_of_record(record);
  for (auto& [name, toml] : given.toml) text.settings[name] = toml;
  if (auto user = config::read_user(text, config))
    answer.warnings = sentences(user->warnings);
  else
    for (const auto& problem : user.error())
      if (!given.refused.contains(problem.key)) answer.problems.push_back(config::format(problem));
  if (!answer.problems.empty()) answer.exit = Exit::usage;
  return answer;
}

/// The database's user that may be changed, or why not.
Task<std::expected<UserRecord, AdminAnswer>> find_to_change(AdminContext context, std::string name) {
  if (find_in_file(*context.config, name) != nullptr) co_return std::unexpected(change_the_file(*context.config, name));
  auto found = co_await context.users->find(name);
  if (!found) co_return std::unexpected(refusal(found.error()));
  if (!*found)
    co_return std::unexpected(refusal(Exit::failed, fmt::format("there is no user {}", escape_control(name))));
  co_return **std::move(found);
}

/// A quota below what is stored already stops uploads, which may not be meant.
Task<std::vector<std::string>> quota_warnings(QuotaAnswerer quotas, std::string name) {
  std::vector<std::string> all;
  const auto report = co_await quotas(name, QuotaAsked::as_known);
  if (!report || !report->use.known) co_return all;
  const auto& [limits, use] = *report;
  const auto compare = [&](std::string_view setting, std::uint64_t limit, std::uint64_t used) {
    if (limit > 0 && used > limit)
      all.push_back(fmt::format("user.{}.{}: {} are in use already; nothing can be stored before some is deleted",
                                escape_control(name), setting, used));
  };
  compare("quota_bytes", limits.bytes, use.used.bytes);
  compare("quota_files", limits.files, use.used.files);
  co_return all;
}

AdminAnswer done_or_refused(const Result<void>& done, AdminAnswer answer = {}) {
  return done ? std::move(answer) : refusal(done.error());
}

}  // namespace

Task<AdminAnswer> add_user(AdminContext context, json::object arguments) {
  UserRecord record;
  record.name = text_of(arguments, "name");
  record.password = Secret(text_of(arguments, "password"));
  if (find_in_file(*context.config, record.name) != nullptr)
    co_return refusal(Exit::failed, fmt::format("there is a user {} in {} already", escape_control(record.name),
                                                context.config->source));
  auto given = read_settings(arguments, record.name);
  const auto settings = given.toml;
  AdminAnswer answer = check(record, std::move(given), *context.config);
  if (answer.exit != Exit::done) co_return answer;
  record.settings = settings;
  const auto added = co_await context.users->add(std::move(record));
  co_return done_or_refused(added, std::move(answer));
}

Task<AdminAnswer> show_user(AdminContext context, json::object arguments) {
  const std::string name = text_of(arguments, "name");
  if (const auto* user = find_in_file(*context.config, name)) co_return AdminAnswer{.result = describe(*user, "file")};
  if (!context.users) co_return refusal(Exit::failed, fmt::format("there is no user {}", escape_control(name)));
  const auto record = co_await find_to_change(context, name);
  if (!record) co_return record.error();
  co_return AdminAnswer{.result = describe(*record, *context.config)};
}

Task<AdminAnswer> list_users(AdminContext context, json::object) {
  json::array all;
  for (const config::User& user : context.config->users) all.push_back(describe(user, "file"));
  if (context.users) {
    const auto records = co_await context.users->all();
    if (!records) co_return refusal(records.error());
    for (const UserRecord& record : *records) all.push_back(describe(record, *context.config));
  }
  co_return AdminAnswer{.result = std::move(all)};
}

Task<AdminAnswer> set_user(AdminContext context, json::object arguments) {
  const std::string name = text_of(arguments, "name");
  const auto record = co_await find_to_change(context, name);
  if (!record) co_return record.error();
  auto given = read_settings(arguments, name);
  if (given.toml.empty() && given.refused.empty()) co_return refusal(Exit::usage, "there is nothing to set");
  const auto settings = given.toml;
  AdminAnswer answer = check(*record, std::move(given), *context.config);
  if (answer.exit != Exit::done) co_return answer;
  const auto done = co_await context.users->set(name, settings);
  if (done && context.control != nullptr) co_await context.control->follow_users();
  if (done) std::ranges::move(co_await quota_warnings(context.quotas, name), std::back_inserter(answer.warnings));
  co_return done_or_refused(done, std::move(answer));
}

Task<AdminAnswer> set_user_password(AdminContext context, json::object arguments) {
  const std::string name = text_of(arguments, "name");
  auto record = co_await find_to_change(context, name);
  if (!record) co_return record.error();
  const Secret password(text_of(arguments, "password"));
  if (!is_password_hash(password.reveal())) co_return refusal(Exit::usage, "password: must be a hash");
  if (!is_intact_password(password.reveal())) co_return refusal(Exit::usage, "password: is a damaged hash");
  const auto done = co_await context.users->set_password(name, password);
  co_return done_or_refused(done);
}

Task<AdminAnswer> remove_user(AdminContext context, json::object arguments) {
  const std::string name = text_of(arguments, "name");
  const auto removed = co_await context.users->remove(name);
  if (!removed && removed.error().code == Errc::not_found && find_in_file(*context.config, name) != nullptr)
    co_return change_the_file(*context.config, name);
  co_return done_or_refused(removed);
}

Task<Result<std::vector<std::string>>> hidden_users(std::shared_ptr<const config::Config> config,
                                                    std::shared_ptr<accounts::UserRecords> users) {
  std::vector<std::string> all;
  if (!users || config->users.empty()) co_return all;
  const auto records = co_await users->all();
  if (!records) co_return fail(records.error());
  for (const UserRecord& record : *records)
    if (find_in_file(*config, record.name) != nullptr)
      all.push_back(fmt::format("user.{}: is in the state database, too; the one of {} counts",
                                escape_control(record.name), config->source));
  co_return all;
}

}  // namespace gantry::server
