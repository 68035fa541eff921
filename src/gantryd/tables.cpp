#include "gantryd/tables.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry {
namespace {

namespace json = boost::json;
using Line = std::vector<std::string>;

/// A text as it is, anything else as JSON; empty when there is none.
std::string word_of(const json::value& of, std::string_view name) {
  const json::value* value = of.is_object() ? of.get_object().if_contains(name) : nullptr;
  if (value == nullptr) return {};
  return value->is_string() ? escape_control(value->get_string()) : json::serialize(*value);
}

bool is_true(const json::value& of, std::string_view name) { return word_of(of, name) == "true"; }

std::string setting_of(const json::value& user, std::string_view name) {
  const json::value* settings = user.is_object() ? user.get_object().if_contains("settings") : nullptr;
  return settings == nullptr ? std::string() : word_of(*settings, name);
}

const json::array& lines_of(const json::value& result) {
  static const json::array none;
  return result.is_array() ? result.get_array() : none;
}

/// Columns as wide as their widest word, two blanks apart.
std::string table(const Line& heading, std::vector<Line> lines) {
  lines.insert(lines.begin(), heading);
  std::vector<std::size_t> widths(heading.size());
  for (const Line& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string out;
  for (const Line& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) text += fmt::format("{:<{}}  ", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

std::string state_of(const json::value& user) {
  if (!word_of(user, "problems").empty()) return "broken";
  if (is_true(user, "hidden")) return "hidden";
  return setting_of(user, "disabled") == "true" ? "disabled" : "enabled";
}

std::string seconds_of(const json::value& of, std::string_view name) {
  const json::value* value = of.is_object() ? of.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_int64() ? exact_duration(Seconds(value->get_int64())) : std::string();
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

}  // namespace

std::string show_done(const json::value&) { return {}; }

std::string show_user(const json::value& result) {
  if (!result.is_object()) return {};
  std::string out;
  for (const auto& [name, value] : result.get_object()) {
    if (name == "settings" && value.is_object())
      for (const auto& [setting, ignored] : value.get_object())
        out += fmt::format("{:<14} {}\n", std::string_view(setting), word_of(value, setting));
    else
      out += fmt::format("{:<14} {}\n", std::string_view(name), word_of(result, name));
  }
  return out;
}

std::string show_users(const json::value& result) {
  std::vector<Line> lines;
  for (const json::value& user : lines_of(result))
    lines.push_back({word_of(user, "name"), word_of(user, "source"), state_of(user),
                     or_dash(setting_of(user, "permissions")), or_dash(setting_of(user, "home"))});
  return table({"NAME", "SOURCE", "STATE", "PERMISSIONS", "HOME"}, std::move(lines));
}

std::string show_quota(const json::value& result) {
  const auto line = [&](const std::string& what) {
    const std::string left = word_of(result, what + "_left");
    return Line{what, word_of(result, what), left == "null" ? "unlimited" : word_of(result, "quota_" + what),
                left == "null" ? "-" : left};
  };
  std::string out = table({"", "USED", "ALLOWED", "LEFT"}, {line("bytes"), line("files")});
  if (!is_true(result, "counted")) return out + "never counted so far\n";
  if (is_true(result, "to_be_counted")) out += "to be counted again soon; the figures may be too high\n";
  return out;
}

std::string show_bans(const json::value& result) {
  std::vector<Line> lines;
  for (const json::value& ban : lines_of(result)) {
    const std::string until = word_of(ban, "until");
    lines.push_back({word_of(ban, "network"), word_of(ban, "since"), until == "null" ? "for ever" : until,
                     word_of(ban, "times"), word_of(ban, "reason")});
  }
  return table({"NETWORK", "SINCE", "UNTIL", "TIMES", "REASON"}, std::move(lines));
}

std::string show_sessions(const json::value& result) {
  std::vector<Line> lines;
  for (const json::value& one : lines_of(result)) {
    const std::string transfer = word_of(one, "transfer");
    lines.push_back({word_of(one, "id"), or_dash(word_of(one, "user")), word_of(one, "peer"),
                     is_true(one, "tls") ? "tls" : "-", seconds_of(one, "seconds"), seconds_of(one, "idle_seconds"),
                     or_dash(word_of(one, "directory")),
                     transfer.empty() ? "-" : fmt::format("{} ({} bytes)", transfer, word_of(one, "bytes"))});
  }
  return table({"ID", "USER", "PEER", "TLS", "AGE", "IDLE", "DIRECTORY", "TRANSFER"}, std::move(lines));
}

std::string show_ended(const json::value& result) {
  const std::string count = word_of(result, "ended");
  return fmt::format("{} session{} ended\n", count, count == "1" ? "" : "s");
}

}  // namespace gantry
