// Times in commands and replies (RFC 3659 section 2.3): YYYYMMDDHHMMSS[.sss], always UTC. Must not know: time zones.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.hpp"

namespace gantry::proto {

/// `time` moved into the years 1 to 9999, the only ones that four digits can say.
[[nodiscard]] WallTime within_four_digit_years(WallTime time);

/// "20240102030405", with ".sss" when there are milliseconds. Times outside the years 1..9999 give the nearest inside.
[[nodiscard]] std::string format_time_val(WallTime time);
/// The same at the end of `to`.
void append_time_val(std::string& to, WallTime time);

/// The last `digits` decimal digits of `number`, with leading zeros, at the end of `to`.
void append_padded(std::string& to, unsigned number, unsigned digits);

/// 14 digits, optionally '.' and 1 to 9 digits (cut to milliseconds). The date must exist; second 60 counts as 59.
[[nodiscard]] std::optional<WallTime> parse_time_val(std::string_view text);

struct TimeAndPath {
  WallTime time{};
  std::string path;  ///< never empty; blanks in it kept

  bool operator==(const TimeAndPath&) const = default;
};

/// "<time> <path>" of MFMT and of MDTM's setting form. Nothing when the first word is no time or no path follows.
[[nodiscard]] std::optional<TimeAndPath> split_time_and_path(std::string_view argument);

/// SITE UTIME "YYYYMMDDhhmm[ss] path" or "path atime mtime ctime UTC" (the times in either length; mtime counts).
/// A text that fits both is taken as the second form.
[[nodiscard]] std::optional<TimeAndPath> parse_site_utime(std::string_view argument);

}  // namespace gantry::proto
