// LIST was never specified: what servers print is told apart by its shape. Lines are searched from the date, because
// the columns before it differ (no group, owners with blanks, devices with two numbers) and the name behind it may be
// anything.
#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

#include "base/text.hpp"
#include "ftp/entry.hpp"

namespace gantry::ftp {
namespace {

using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

constexpr std::size_t most_words = 16;  // before the name
constexpr std::size_t mode_length = 10;

struct Word {
  std::string_view text;
  std::size_t end = 0;  ///< where it ends in the line
};

/// A date and where it ended.
struct Found {
  std::size_t first_word = 0;
  std::size_t end = 0;
  std::optional<WallTime> time;
};

std::vector<Word> first_words(std::string_view line) {
  std::vector<Word> words;
  for (std::size_t at = 0; words.size() < most_words;) {
    at = line.find_first_not_of(' ', at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back({line.substr(at, end - at), end});
    at = end;
  }
  return words;
}

/// A number of one to `digits` digits and nothing else.
std::optional<unsigned> small_number(std::string_view text, std::size_t digits) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  unsigned value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "09:15", "9:15", "09:15:30".
std::optional<Seconds> time_of_day(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto hours = small_number(parts[0], 2);
  const auto minutes = small_number(parts[1], 2);
  const auto seconds = parts.size() == 3 ? small_number(parts[2], 2) : std::optional<unsigned>(0);
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + Seconds(*seconds);
}

std::optional<std::chrono::month> month_of(std::string_view text) {
  static constexpr std::array<std::string_view, 12> names{"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto name = std::ranges::find(names, to_lower(text));
  if (name == names.end()) return std::nullopt;
  return std::chrono::month(static_cast<unsigned>(name - names.begin()) + 1);
}

std::optional<WallTime> at(year_month_day day, Seconds time) {
  if (!day.ok()) return std::nullopt;
  return WallTime(sys_days(day)) + time;
}

/// The last time that this day and hour was: listings leave the year out for the past half year. A day is allowed for
/// the server's zone; 29 February is looked for in years that have one.
std::optional<WallTime> latest(std::chrono::month month, std::chrono::day day, Seconds time, WallTime now) {
  const WallTime tomorrow = now + std::chrono::days(1);
  const year this_year = year_month_day(std::chrono::floor<std::chrono::days>(tomorrow)).year();
  for (int back = 0; back <= 8; ++back) {
    const auto then = at({this_year - std::chrono::years(back), month, day}, time);
    if (then && *then <= tomorrow) return then;
  }
  return std::nullopt;
}

/// "Jan 31 09:15" or "Jan 31 2024" at words[i].
std::optional<Found> month_first(const std::vector<Word>& words, std::size_t i, WallTime now) {
  if (i + 2 >= words.size()) return std::nullopt;
  const auto month = month_of(words[i].text);
  const auto day = small_number(words[i + 1].text, 2);
  if (!month || !day || *day < 1 || *day > 31) return std::nullopt;
  const std::string_view last = words[i + 2].text;
  const std::size_t end = words[i + 2].end;
  if (const auto time = time_of_day(last)) return Found{i, end, latest(*month, std::chrono::day(*day), *time, now)};
  const auto in = small_number(last, 4);
  if (!in || last.size() != 4) return std::nullopt;
  return Found{i, end, at({year(static_cast<int>(*in)), *month, std::chrono::day(*day)}, Seconds(0))};
}

/// "2024-01-31 09:15" at words[i].
std::optional<Found> year_first(const std::vector<Word>& words, std::size_t i) {
  if (i + 1 >= words.size() || words[i].text.size() != 10) return std::nullopt;
  const auto parts = split(words[i].text, '-');
  const auto time = time_of_day(words[i + 1].text);
  if (parts.size() != 3 || !time) return std::nullopt;
  const auto in = small_number(parts[0], 4);
  const auto month = small_number(parts[1], 2);
  const auto day = small_number(parts[2], 2);
  if (!in || !month || !day) return std::nullopt;
  return Found{i, words[i + 1].end,
               at({year(static_cast<int>(*in)), std::chrono::month(*month), std::chrono::day(*day)}, *time)};
}

bool is_mode(std::string_view word) {
  return word.size() >= mode_length && word.size() <= mode_length + 1 &&
         std::string_view("-dlbcpsDn").contains(word.front()) &&
         word.substr(1, mode_length - 1).find_first_not_of("-rwxsStTlL") == std::string_view::npos;
}

Kind kind_of(char letter) {
  if (letter == 'd') return Kind::directory;
  if (letter == 'l') return Kind::link;
  return letter == '-' ? Kind::file : Kind::other;
}

/// The words between mode and size: [links] [owner [group, maybe with blanks]].
void take_owner(Entry& entry, std::span<const Word> words) {
  if (!words.empty() && parse_number(words.front().text)) words = words.subspan(1);
  if (words.empty()) return;
  entry.owner = words.front().text;
  for (const Word& word : words.subspan(1)) {
    if (!entry.group.empty()) entry.group += ' ';
    entry.group += word.text;
  }
}

/// "name -> target". Where names hold arrows themselves, the size tells: a link's is the length of its target.
void take_target(Entry& entry, std::optional<std::uint64_t> size) {
  constexpr std::string_view arrow = " -> ";
  const std::size_t first = entry.name.find(arrow);
  if (first == std::string::npos) return;
  std::size_t place = first;
  if (size && *size + arrow.size() < entry.name.size()) {
    const std::size_t by_size = entry.name.size() - static_cast<std::size_t>(*size) - arrow.size();
    if (entry.name.compare(by_size, arrow.size(), arrow) == 0) place = by_size;
  }
  entry.target = entry.name.substr(place + arrow.size());
  entry.name.resize(place);
}

std::optional<Entry> parse_unix(std::string_view line, const std::vector<Word>& words, WallTime now) {
  std::optional<Found> date;
  std::optional<std::uint64_t> size;
  // Before the date stand at least mode and size; devices have "8, 1" there.
  for (std::size_t i = 2; i < words.size() && !date; ++i) {
    size = parse_number(words[i - 1].text);
    if (!size) continue;
    date = month_first(words, i, now);
    if (!date) date = year_first(words, i);
  }
  if (!date || date->end + 1 >= line.size()) return std::nullopt;
  Entry entry{.name = std::string(line.substr(date->end + 1)), .kind = kind_of(line.front())};
  entry.permissions = words[0].text.substr(1, mode_length - 1);
  entry.modified = date->time;
  std::size_t owners_end = date->first_word - 1;
  if (owners_end > 1 && words[owners_end - 1].text.ends_with(',')) --owners_end;
  take_owner(entry, std::span(words).subspan(1, owners_end - 1));
  if (entry.kind == Kind::file) entry.size = size;
  if (entry.kind == Kind::link) take_target(entry, size);
  if (entry.name.empty()) return std::nullopt;
  return entry;
}

/// "01-31-26", "01-31-2026".
std::optional<year_month_day> windows_day(std::string_view text) {
  const auto parts = split(text, '-');
  if (parts.size() != 3) return std::nullopt;
  const auto month = small_number(parts[0], 2);
  const auto day = small_number(parts[1], 2);
  auto in = small_number(parts[2], 4);
  if (!month || !day || !in || (parts[2].size() != 2 && parts[2].size() != 4)) return std::nullopt;
  if (parts[2].size() == 2) *in += *in < 70 ? 2000 : 1900;
  return year_month_day(year(static_cast<int>(*in)), std::chrono::month(*month), std::chrono::day(*day));
}

/// "09:15AM", "12:05 AM" comes without the blank, "21:15".
std::optional<Seconds> windows_time(std::string_view text) {
  const std::string lower = to_lower(text);
  const bool morning = lower.ends_with("am");
  const bool evening = lower.ends_with("pm");
  if (!morning && !evening) return time_of_day(text);
  const auto time = time_of_day(text.substr(0, text.size() - 2));
  constexpr auto noon = std::chrono::hours(12);
  if (!time || *time >= noon + std::chrono::hours(1)) return std::nullopt;
  return *time % Seconds(noon) + (evening ? Seconds(noon) : Seconds(0));
}

std::optional<Entry> parse_windows(std::string_view line, const std::vector<Word>& words) {
  if (words.size() < 4) return std::nullopt;
  const auto day = windows_day(words[0].text);
  const auto time = windows_time(words[1].text);
  if (!day || !time) return std::nullopt;
  Entry entry;
  entry.modified = at(*day, *time);
  const std::string_view what = words[2].text;
  std::size_t gap = 1;
  if (what.starts_with('<') && what.ends_with('>')) {
    const bool link = equal_ignoring_case(what, "<JUNCTION>") || what.substr(1, 7) == "SYMLINK";
    entry.kind = equal_ignoring_case(what, "<DIR>") ? Kind::directory : link ? Kind::link : Kind::other;
    // The column is as wide as a size: 15 places and a blank.
    const std::size_t most = what.size() < 15 ? 15 - what.size() : 1;
    gap = std::min(line.find_first_not_of(' ', words[2].end) - words[2].end, std::max<std::size_t>(most, 1));
  } else if (const auto size = parse_number(what)) {
    entry.size = size;
  } else {
    return std::nullopt;
  }
  entry.name = line.substr(words[2].end + gap);
  const std::size_t bracket = entry.name.rfind(" [");
  if (entry.kind == Kind::link && bracket != std::string::npos && entry.name.ends_with(']')) {
    entry.target = entry.name.substr(bracket + 2, entry.name.size() - bracket - 3);
    entry.name.resize(bracket);
  }
  if (entry.name.empty()) return std::nullopt;
  return entry;
}

}  // namespace

std::optional<Entry> parse_list_line(std::string_view line, WallTime now) {
  if (line.size() > longest_listing_line) return std::nullopt;
  const auto words = first_words(line);
  if (words.empty() || line.front() == ' ') return std::nullopt;
  return is_mode(words[0].text) ? parse_unix(line, words, now) : parse_windows(line, words);
}

}  // namespace gantry::ftp
