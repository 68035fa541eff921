#include "proto/list_format.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <iterator>

#include "base/text.hpp"
#include "proto/time_text.hpp"

namespace gantry::proto {
namespace {

// Half of the mean Gregorian year, as ls counts it.
constexpr std::chrono::seconds half_a_year{15'778'476};

constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// In the order of Fact and of the facts in a line.
constexpr std::array<std::string_view, 8> fact_names{"type",   "size",      "modify",     "perm",
                                                     "unique", "UNIX.mode", "UNIX.owner", "UNIX.group"};

unsigned bit(Fact fact) { return 1U << static_cast<unsigned>(fact); }

bool is_directory(const ListItem& item) { return item.kind == ListItem::Kind::directory; }

std::string mode_letters(const ListItem& item) {
  const unsigned mode = item.mode.value_or(is_directory(item) ? 0755U : 0644U);
  std::string letters(1, is_directory(item) ? 'd' : '-');
  for (unsigned shift = 9; shift-- > 0;) letters += (mode >> shift & 1U) != 0 ? "xwr"[shift % 3] : '-';
  return letters;
}

/// A word for a column or a fact: blanks, ';' and control bytes would end it early.
std::string as_word(std::string_view text, std::string_view otherwise) {
  std::string word(text.empty() ? otherwise : text);
  for (char& c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7F || c == ';') c = '_';
  }
  return word;
}

std::string ls_time(WallTime time, WallTime now) {
  const WallTime shown = within_four_digit_years(time);
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(shown - day);
  std::string text =
      fmt::format("{} {:>2} ", months[static_cast<unsigned>(date.month()) - 1], static_cast<unsigned>(date.day()));
  // shown and now are both within years that a 64-bit count of milliseconds holds without overflow.
  const bool recent = shown <= now && within_four_digit_years(now) - shown < half_a_year;
  if (recent)
    text += fmt::format("{:02}:{:02}", clock.hours().count(), clock.minutes().count());
  else
    text += fmt::format("{:>5}", static_cast<int>(date.year()));
  return text;
}

std::optional<std::string> fact_value(Fact fact, const ListItem& item) {
  auto known_word = [](std::string_view text) -> std::optional<std::string> {
    return text.empty() ? std::nullopt : std::optional(as_word(text, {}));
  };
  switch (fact) {
    case Fact::type:
      return is_directory(item) ? "dir" : "file";
    case Fact::size:
      return is_directory(item) ? std::nullopt : std::optional(fmt::format("{}", item.size));
    case Fact::modify:
      return item.mtime == WallTime{} ? std::nullopt : std::optional(format_time_val(item.mtime));
    case Fact::perm:
      return as_word(item.permissions_fact, {});
    case Fact::unique:
      return known_word(item.unique);
    case Fact::unix_mode:
      return item.mode ? std::optional(fmt::format("{:04o}", *item.mode & 07777U)) : std::nullopt;
    case Fact::unix_owner:
      return known_word(item.owner);
    case Fact::unix_group:
      return known_word(item.group);
  }
  return std::nullopt;
}

}  // namespace

bool listable(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

std::string ls_line(const ListItem& item, WallTime now) {
  // The column cannot be left out, and users take 1970 for a fault.
  const WallTime shown = item.mtime == WallTime{} ? now : item.mtime;
  return fmt::format("{}   1 {:<8} {:<8} {:>12} {} {}\r\n", mode_letters(item), as_word(item.owner, "ftp"),
                     as_word(item.group, "ftp"), item.size, ls_time(shown, now), item.name);
}

bool MlsxFacts::has(Fact fact) const { return (enabled_ & bit(fact)) != 0; }

std::string MlsxFacts::select(std::string_view names) {
  unsigned wanted = 0;
  for (std::string_view piece : split(names, ';')) {
    for (std::size_t i = 0; i < fact_names.size(); ++i) {
      if (equal_ignoring_case(trim(piece), fact_names[i])) wanted |= 1U << i;
    }
  }
  enabled_ = static_cast<std::uint8_t>(wanted);
  std::string text = "MLST OPTS";
  if (enabled_ != 0) text += ' ';
  for (std::size_t i = 0; i < fact_names.size(); ++i) {
    if (has(static_cast<Fact>(i))) fmt::format_to(std::back_inserter(text), "{};", fact_names[i]);
  }
  return text;
}

std::string MlsxFacts::feat_line() const {
  std::string line = "MLST ";
  for (std::size_t i = 0; i < fact_names.size(); ++i)
    fmt::format_to(std::back_inserter(line), "{}{};", fact_names[i], has(static_cast<Fact>(i)) ? "*" : "");
  return line;
}

std::string mlsx_line(const ListItem& item, const MlsxFacts& facts) {
  std::string line;
  for (std::size_t i = 0; i < fact_names.size(); ++i) {
    const auto fact = static_cast<Fact>(i);
    if (!facts.has(fact)) continue;
    if (auto value = fact_value(fact, item)) fmt::format_to(std::back_inserter(line), "{}={};", fact_names[i], *value);
  }
  fmt::format_to(std::back_inserter(line), " {}\r\n", item.name);
  return line;
}

}  // namespace gantry::proto
