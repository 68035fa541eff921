// The effective configuration as TOML: every setting, secrets hidden.
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/settings.hpp"

namespace gantry::config {

/// A file the loader reads back as the same configuration once "***" is replaced by the secrets.
[[nodiscard]] std::string print(const Config& config);

/// One value as TOML; "***" for secrets, and for passwords inside URLs.
[[nodiscard]] std::string print_value(const Setting& setting, const Value& value);

}  // namespace gantry::config
