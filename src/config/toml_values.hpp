// From a TOML value to the value of a setting. Inside this room only: the one header that shows toml++.
#pragma once

#include <toml++/toml.h>

#include <expected>
#include <string>

#include "config/problem.hpp"
#include "config/settings.hpp"

namespace gantry::config {

/// Why a value was refused, and where inside an array when that is known better than the key's own place.
struct Refused {
  std::string message;
  Position position;
};

[[nodiscard]] Position position_of(const toml::source_region& region);

/// The value of `setting`, checked against its kind and bounds. Paths and "env:" are left as written.
[[nodiscard]] std::expected<Value, Refused> read_value(const Setting& setting, const toml::node& node);

}  // namespace gantry::config
