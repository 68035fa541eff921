// INI text as Python's ConfigParser reads it: sections, KEY = VALUE or KEY: VALUE, whole-line and trailing comments.
// Must not know: which sections and keys there are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"

namespace gantry::config {

struct IniEntry {
  std::string key;      ///< in lower case
  std::string value;    ///< without outer blanks and trailing comment; continued lines joined by a blank
  std::string written;  ///< the same with what was taken for a comment
  Position position;    ///< of the key

  /// The value ends where a comment was taken to begin.
  [[nodiscard]] bool cut() const { return value != written; }
};

/// Sections of one name are one; of several entries with one key only the last is kept.
struct IniSection {
  std::string name;
  Position position;
  std::vector<IniEntry> entries;

  /// Null when the key does not occur.
  [[nodiscard]] const IniEntry* find(std::string_view key) const;
};

/// `#` or `;` begins a comment at the start of a line and after a blank. A line that begins with a blank and holds no
/// '=' continues the one before. Lines that are nothing of all this are errors, repeated keys warnings of `report`.
[[nodiscard]] std::vector<IniSection> parse_ini(std::string_view text, Report& report);

}  // namespace gantry::config
