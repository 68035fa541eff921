#include "proto/time_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.hpp"

namespace gantry::proto {
namespace {

using namespace std::chrono;

bool digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view text) {
  int value = 0;
  for (char c : text) value = value * 10 + (c - '0');
  return value;
}

std::optional<milliseconds> fraction(std::string_view text) {
  if (text.empty()) return milliseconds(0);
  text.remove_prefix(1);
  if (!digits(text) || text.size() > 9) return std::nullopt;
  std::string padded(text.substr(0, 3));
  padded.resize(3, '0');
  return milliseconds(number(padded));
}

}  // namespace

std::string format_time_val(WallTime time) {
  auto day = floor<days>(time);
  year_month_day date(day);
  hh_mm_ss clock(time - day);
  std::string out = fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) out += fmt::format(".{:03}", clock.subseconds().count());
  return out;
}

std::optional<WallTime> parse_time_val(std::string_view text) {
  constexpr std::size_t whole = 14;
  if (text.size() < whole || !digits(text.substr(0, whole))) return std::nullopt;
  if (text.size() > whole && text[whole] != '.') return std::nullopt;
  auto sub = fraction(text.substr(whole));
  if (!sub) return std::nullopt;
  auto field = [&](std::size_t at, std::size_t length) { return number(text.substr(at, length)); };
  year_month_day date{year(field(0, 4)), month(static_cast<unsigned>(field(4, 2))),
                      day(static_cast<unsigned>(field(6, 2)))};
  int hour = field(8, 2);
  int minute = field(10, 2);
  int second = std::min(field(12, 2), 60);
  if (!date.ok() || hour > 23 || minute > 59 || field(12, 2) > 60) return std::nullopt;
  if (second == 60) second = 59;  // a leap second, which no clock here knows
  return WallTime(sys_days(date).time_since_epoch() + hours(hour) + minutes(minute) + seconds(second) + *sub);
}

std::optional<TimeAndPath> split_time_and_path(std::string_view argument) {
  std::size_t blank = argument.find(' ');
  if (blank == std::string_view::npos || blank + 1 == argument.size()) return std::nullopt;
  auto time = parse_time_val(argument.substr(0, blank));
  if (!time) return std::nullopt;
  return TimeAndPath{*time, std::string(argument.substr(blank + 1))};
}

std::optional<TimeAndPath> parse_site_utime(std::string_view argument) {
  std::size_t blank = argument.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  std::string_view first = argument.substr(0, blank);
  if (first.size() == 12 && digits(first)) {
    auto time = parse_time_val(std::string(first) + "00");
    if (!time || blank + 1 == argument.size()) return std::nullopt;
    return TimeAndPath{*time, std::string(argument.substr(blank + 1))};
  }
  if (auto simple = split_time_and_path(argument)) return simple;
  // path atime mtime ctime UTC, where the path may hold blanks: read from the end
  std::array<std::string_view, 4> tail;
  for (std::size_t i = tail.size(); i-- > 0;) {
    std::size_t at = argument.rfind(' ');
    if (at == std::string_view::npos) return std::nullopt;
    tail[i] = argument.substr(at + 1);
    argument = argument.substr(0, at);
  }
  auto modified = parse_time_val(tail[1]);
  if (!equal_ignoring_case(tail[3], "UTC") || !modified || !parse_time_val(tail[0]) || argument.empty())
    return std::nullopt;
  return TimeAndPath{*modified, std::string(argument)};
}

}  // namespace gantry::proto
