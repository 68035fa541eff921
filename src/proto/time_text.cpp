#include "proto/time_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include "base/text.hpp"

namespace gantry::proto {
namespace {

constexpr std::size_t short_stamp = 12;  // YYYYMMDDHHMM, SITE UTIME only
constexpr std::size_t long_stamp = 14;   // YYYYMMDDHHMMSS
constexpr std::size_t most_fraction_digits = 9;

constexpr WallTime first_time = std::chrono::sys_days{std::chrono::year{1} / 1 / 1};
constexpr WallTime last_time = std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1} - std::chrono::milliseconds{1};

bool all_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// `text` is at most nine digits.
unsigned number(std::string_view text) {
  unsigned value = 0;
  for (char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value;
}

/// YYYYMMDDHHMM, then SS when there.
std::optional<WallTime> parse_digits(std::string_view text) {
  if ((text.size() != short_stamp && text.size() != long_stamp) || !all_digits(text)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(number(text.substr(0, 4)))},
                                         std::chrono::month{number(text.substr(4, 2))},
                                         std::chrono::day{number(text.substr(6, 2))}};
  const unsigned hour = number(text.substr(8, 2));
  const unsigned minute = number(text.substr(10, 2));
  unsigned second = number(text.substr(12));
  if (!date.ok() || date.year() == std::chrono::year{0} || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  second = std::min(second, 59U);  // POSIX time has no leap seconds
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

struct Words {
  std::string_view first;
  std::string_view rest;
};

Words split_first_word(std::string_view text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return {text, {}};
  return {text.substr(0, blank), text.substr(blank + 1)};
}

/// "path atime mtime ctime UTC", read from the end because the path may hold blanks.
std::optional<TimeAndPath> parse_three_times(std::string_view argument) {
  std::array<std::string_view, 4> last_words;  // from the end: UTC, ctime, mtime, atime
  for (std::string_view& word : last_words) {
    const std::size_t blank = argument.rfind(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    word = argument.substr(blank + 1);
    argument = argument.substr(0, blank);
  }
  auto changed = parse_digits(last_words[1]);
  auto modified = parse_digits(last_words[2]);
  auto accessed = parse_digits(last_words[3]);
  if (!equal_ignoring_case(last_words[0], "UTC") || !changed || !modified || !accessed || argument.empty())
    return std::nullopt;
  return TimeAndPath{*modified, std::string(argument)};
}

}  // namespace

WallTime within_four_digit_years(WallTime time) { return std::clamp(time, first_time, last_time); }

void append_padded(std::string& to, unsigned number, unsigned digits) {
  const std::size_t from = to.size();
  to.append(digits, '0');
  for (std::size_t at = from + digits; at > from && number > 0; number /= 10)
    to[--at] = static_cast<char>('0' + number % 10);
}

void append_time_val(std::string& to, WallTime time) {
  const WallTime shown = within_four_digit_years(time);
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(shown - day);
  append_padded(to, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  append_padded(to, static_cast<unsigned>(date.month()), 2);
  append_padded(to, static_cast<unsigned>(date.day()), 2);
  append_padded(to, static_cast<unsigned>(clock.hours().count()), 2);
  append_padded(to, static_cast<unsigned>(clock.minutes().count()), 2);
  append_padded(to, static_cast<unsigned>(clock.seconds().count()), 2);
  if (clock.subseconds().count() == 0) return;
  to += '.';
  append_padded(to, static_cast<unsigned>(clock.subseconds().count()), 3);
}

std::string format_time_val(WallTime time) {
  std::string text;
  append_time_val(text, time);
  return text;
}

std::optional<WallTime> parse_time_val(std::string_view text) {
  if (text.size() < long_stamp) return std::nullopt;
  auto time = parse_digits(text.substr(0, long_stamp));
  std::string_view fraction = text.substr(long_stamp);
  if (!time || fraction.empty()) return time;
  if (fraction.front() != '.') return std::nullopt;
  fraction.remove_prefix(1);
  if (fraction.empty() || fraction.size() > most_fraction_digits || !all_digits(fraction)) return std::nullopt;
  std::string thousandths(fraction.substr(0, 3));
  thousandths.resize(3, '0');
  return *time + std::chrono::milliseconds{number(thousandths)};
}

std::optional<TimeAndPath> split_time_and_path(std::string_view argument) {
  const Words words = split_first_word(argument);
  auto time = parse_time_val(words.first);
  if (!time || words.rest.empty()) return std::nullopt;
  return TimeAndPath{*time, std::string(words.rest)};
}

std::optional<TimeAndPath> parse_site_utime(std::string_view argument) {
  if (auto three = parse_three_times(argument)) return three;
  const Words words = split_first_word(argument);
  auto time = parse_digits(words.first);
  if (!time || words.rest.empty()) return std::nullopt;
  return TimeAndPath{*time, std::string(words.rest)};
}

}  // namespace gantry::proto
