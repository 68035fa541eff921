// Numbers in arguments of REST, ALLO and RANG. Must not know: files.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gantry::proto {

/// Decimal digits only, at most 2^63-1. No sign, no blanks.
[[nodiscard]] std::optional<std::uint64_t> parse_offset(std::string_view text);

struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  ///< inclusive, >= first unless reset
  bool reset = false;      ///< "1 0": forget the range

  bool operator==(const Range&) const = default;
};

/// RANG "first last" (draft-bryan-ftp-range): one blank between; last >= first, except "1 0", which resets.
[[nodiscard]] std::optional<Range> parse_range(std::string_view argument);

}  // namespace gantry::proto
