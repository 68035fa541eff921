#include "proto/list_format.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <span>

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

// A directory has many entries, and each is a line: written by hand, because format strings cost several times as much.

void append_number(std::string& to, std::uint64_t number) {
  const fmt::format_int digits(number);
  to.append(digits.data(), digits.size());
}

/// What was appended since `from` is a column: blanks fill it up, on the right of text.
void pad_text(std::string& to, std::size_t from, std::size_t width) {
  if (const std::size_t length = to.size() - from; length < width) to.append(width - length, ' ');
}

/// The same for numbers, with the blanks on their left.
void pad_number(std::string& to, std::size_t from, std::size_t width) {
  if (const std::size_t length = to.size() - from; length < width) to.insert(from, width - length, ' ');
}

void append_mode_letters(std::string& to, const ListItem& item) {
  const unsigned mode = item.mode.value_or(is_directory(item) ? 0755U : 0644U);
  to += is_directory(item) ? 'd' : '-';
  for (unsigned shift = 9; shift-- > 0;) to += (mode >> shift & 1U) != 0 ? "xwr"[shift % 3] : '-';
}

/// A word for a column or a fact: blanks, ';' and control bytes would end it early.
void append_word(std::string& to, std::string_view text) {
  const std::size_t from = to.size();
  to += text;
  for (char& c : std::span(to).subspan(from)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7F || c == ';') c = '_';
  }
}

void append_column(std::string& to, std::string_view text, std::size_t width) {
  const std::size_t from = to.size();
  append_word(to, text.empty() ? "ftp" : text);
  pad_text(to, from, width);
}

void append_ls_time(std::string& to, WallTime time, WallTime now) {
  const WallTime shown = within_four_digit_years(time);
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(shown - day);
  to += months[static_cast<unsigned>(date.month()) - 1];
  to += ' ';
  const auto number = static_cast<unsigned>(date.day());
  if (number < 10) to += ' ';
  append_number(to, number);
  to += ' ';
  // shown and now are both within years that a 64-bit count of milliseconds holds without overflow.
  const bool recent = shown <= now && within_four_digit_years(now) - shown < half_a_year;
  if (recent) {
    append_padded(to, static_cast<unsigned>(clock.hours().count()), 2);
    to += ':';
    append_padded(to, static_cast<unsigned>(clock.minutes().count()), 2);
    return;
  }
  const std::size_t from = to.size();
  append_number(to, static_cast<unsigned>(static_cast<int>(date.year())));
  pad_number(to, from, 5);
}

bool known(Fact fact, const ListItem& item) {
  switch (fact) {
    case Fact::type:
    case Fact::perm:
      return true;
    case Fact::size:
      return !is_directory(item);
    case Fact::modify:
      return item.mtime != WallTime{};
    case Fact::unique:
      return !item.unique.empty();
    case Fact::unix_mode:
      return item.mode.has_value();
    case Fact::unix_owner:
      return !item.owner.empty();
    case Fact::unix_group:
      return !item.group.empty();
  }
  return false;
}

void append_value(std::string& to, Fact fact, const ListItem& item) {
  switch (fact) {
    case Fact::type:
      to += is_directory(item) ? "dir" : "file";
      break;
    case Fact::size:
      append_number(to, item.size);
      break;
    case Fact::modify:
      append_time_val(to, item.mtime);
      break;
    case Fact::perm:
      append_word(to, item.permissions_fact);
      break;
    case Fact::unique:
      append_word(to, item.unique);
      break;
    case Fact::unix_mode:
      for (unsigned shift = 12; shift > 0; shift -= 3) to += static_cast<char>('0' + (*item.mode >> (shift - 3) & 7U));
      break;
    case Fact::unix_owner:
      append_word(to, item.owner);
      break;
    case Fact::unix_group:
      append_word(to, item.group);
      break;
  }
}

}  // namespace

bool listable(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

void append_ls_line(std::string& to, const ListItem& item, WallTime now) {
  // The column cannot be left out, and users take 1970 for a fault.
  const WallTime shown = item.mtime == WallTime{} ? now : item.mtime;
  append_mode_letters(to, item);
  to += "   1 ";
  append_column(to, item.owner, 8);
  to += ' ';
  append_column(to, item.group, 8);
  to += ' ';
  const std::size_t size_column = to.size();
  append_number(to, item.size);
  pad_number(to, size_column, 12);
  to += ' ';
  append_ls_time(to, shown, now);
  to += ' ';
  to += item.name;
  to += "\r\n";
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

void append_mlsx_line(std::string& to, const ListItem& item, const MlsxFacts& facts) {
  for (std::size_t i = 0; i < fact_names.size(); ++i) {
    const auto fact = static_cast<Fact>(i);
    if (!facts.has(fact) || !known(fact, item)) continue;
    to += fact_names[i];
    to += '=';
    append_value(to, fact, item);
    to += ';';
  }
  to += ' ';
  to += item.name;
  to += "\r\n";
}

}  // namespace gantry::proto
