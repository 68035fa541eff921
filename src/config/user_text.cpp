#include "config/user_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/units.hpp"
#include "config/print.hpp"
#include "config/toml_values.hpp"
#include "config/validate.hpp"

namespace gantry::config {
namespace {

const Setting* find_setting(std::string_view name) {
  for (const Setting* setting : user_text_settings())
    if (setting->name == name) return setting;
  return nullptr;
}

std::string unknown_setting(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Setting* setting : user_text_settings()) names.push_back(setting->name);
  const std::string near = nearest(name, names);
  return "there is no such setting" + (near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

Spot spot_of(std::string_view name) { return {"user", 0, std::string(name)}; }

/// Nothing when it was refused: the report says why.
std::optional<Value> read_setting(const Setting& setting, const std::string& toml, Report& report) {
  try {
    const toml::table table = toml::parse("value = " + toml);
    if (const toml::node* node = table.get("value")) {
      if (auto value = read_value(setting, *node))
        return *std::move(value);
      else
        report.error(spot_of(setting.name), std::move(value.error().message));
    }
  } catch (const toml::parse_error&) {
    report.error(spot_of(setting.name), "what is kept of it is not TOML");
  }
  return std::nullopt;
}

User read_settings(const UserText& text, Report& report) {
  User user;
  user.name = text.name;
  user.password = text.password;
  report.call("user", 0, text.name);
  for (const auto& [name, toml] : text.settings) {
    report.written_at(spot_of(name), {});
    const Setting* setting = find_setting(name);
    if (setting == nullptr)
      report.error(spot_of(name), unknown_setting(name));
    else if (auto value = read_setting(*setting, toml, report))
      setting->put(&user, *std::move(value));
  }
  for (const Setting* setting : user_text_settings())
    if (setting->initial.empty() && !text.settings.contains(std::string(setting->name)))
      report.error(spot_of(setting->name), "is missing");
  return user;
}

Parsed<std::string> one_word_to_toml(const Setting& setting, const std::string& word) {
  if (setting.kind == Kind::flag) {
    if (word == "true" || word == "false") return word;
    return std::unexpected(in_quotes(word) + " is not one of true, false");
  }
  if (setting.kind == Kind::number) {
    if (const auto number = parse_number(word)) return fmt::format("{}", *number);
    return std::unexpected(in_quotes(word) + " is not a whole number");
  }
  return toml_text(word);
}

Parsed<std::string> words_to_toml(const Setting& setting, const std::vector<std::string>& words) {
  const Words form = words_of(setting);
  if (form == Words::one) {
    if (words.size() != 1) return std::unexpected("takes one value");
    return one_word_to_toml(setting, words.front());
  }
  const bool is_table = form == Words::table;
  std::string items;
  if (words != std::vector<std::string>{""})
    for (const std::string& word : words) {
      const std::size_t equals = word.find('=');
      if (is_table && equals == std::string::npos)
        return std::unexpected(in_quotes(word) + R"( is not PATH=VALUE; write e.g. "/archive=disk:/archive")");
      items += items.empty() ? "" : ", ";
      items +=
          is_table ? toml_text(word.substr(0, equals)) + " = " + toml_text(word.substr(equals + 1)) : toml_text(word);
    }
  return is_table ? "{" + items + "}" : "[" + items + "]";
}

}  // namespace

std::vector<const Setting*> user_text_settings() {
  std::vector<const Setting*> all;
  for (const Setting& setting : settings_of("user"))
    if (setting.name != "name" && setting.name != "password") all.push_back(&setting);
  return all;
}

Words words_of(const Setting& setting) {
  switch (setting.kind) {
    case Kind::texts:
    case Kind::patterns:
    case Kind::networks:
      return Words::list;
    case Kind::directory_permissions:
    case Kind::places:
      return Words::table;
    default:
      return Words::one;
  }
}

Parsed<std::string> setting_from_words(const std::string& name, const std::vector<std::string>& words) {
  const Setting* setting = find_setting(name);
  if (setting == nullptr) return std::unexpected(unknown_setting(name));
  auto toml = words_to_toml(*setting, words);
  if (!toml) return toml;
  Report report({});
  if (!read_setting(*setting, *toml, report)) return std::unexpected(report.take_errors().front().message);
  return toml;
}

std::expected<User, std::vector<Problem>> read_user(const UserText& text) {
  Report report({});
  User user = read_settings(text, report);
  if (!report.clean()) return std::unexpected(report.take_errors());
  return user;
}

std::expected<CheckedUser, std::vector<Problem>> read_user(const UserText& text, const Config& config) {
  Report report({});
  User user = read_settings(text, report);
  validate_user(user, config, report);
  if (!report.clean()) return std::unexpected(report.take_errors());
  return CheckedUser{std::move(user), report.take_warnings()};
}

}  // namespace gantry::config
