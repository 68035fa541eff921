#include "client/time_words.hpp"

#include <array>
#include <chrono>
#include <ctime>
#include <string>

namespace gantry::client {

std::optional<WallTime> parse_moment(std::string_view text, WallTime now) {
  // A bare number would be seconds, which nobody means.
  if (const auto ago = parse_duration(text); ago && !parse_number(text)) return now - *ago;
  const bool utc = text.ends_with('Z');
  if (utc) text.remove_suffix(1);
  const std::string written(text);
  for (const char* format : std::array{"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"}) {
    std::tm parts{};
    const char* end = ::strptime(written.c_str(), format, &parts);
    if (end == nullptr || *end != 0) continue;
    parts.tm_isdst = -1;
    const int day = parts.tm_mday;
    const std::time_t seconds = utc ? ::timegm(&parts) : ::mktime(&parts);
    if (parts.tm_mday != day) return std::nullopt;  // the thirtieth of February
    return WallTime(Seconds(seconds));
  }
  return std::nullopt;
}

}  // namespace gantry::client
