// Moments as people write them.
#pragma once

#include <optional>
#include <string_view>

#include "base/units.hpp"

namespace gantry::client {

/// "2026-01-31" and "2026-01-31T09:15[:07]" of this machine's zone, with "Z" at the end of UTC; a duration as "7d" is
/// that long before `now`. Nothing on anything else.
[[nodiscard]] std::optional<WallTime> parse_moment(std::string_view text, WallTime now);

}  // namespace gantry::client
