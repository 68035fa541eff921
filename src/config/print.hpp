// The effective configuration as TOML: every setting, secrets hidden.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/settings.hpp"

namespace gantry::config {

/// A file the loader reads back as the same configuration once "***" is replaced by the secrets.
[[nodiscard]] std::string print(const Config& config);

/// A secret as it stands in a file: the text itself, "env:NAME", or a path when the key is to end in "_file".
struct WrittenSecret {
  std::string text;
  bool in_file = false;
};
/// Says how the secret of a setting is written; `owner` is the name of the store or user.
using WriteSecret =
    std::function<WrittenSecret(const Setting& setting, const std::string& owner, const Secret& secret)>;

/// A gantry.toml that loads as this very configuration wherever it lies: what differs from the defaults, and every
/// path, absolute.
[[nodiscard]] std::string to_toml(const Config& config, const WriteSecret& write_secret);

/// A TOML basic string.
[[nodiscard]] std::string toml_text(std::string_view text);

/// One value as TOML; "***" for secrets, and for passwords inside URLs.
[[nodiscard]] std::string print_value(const Setting& setting, const Value& value);

}  // namespace gantry::config
