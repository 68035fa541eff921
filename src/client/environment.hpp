// What the environment says to this program: the one place that reads it.
#pragma once

#include <filesystem>
#include <string>

namespace gantry::client {

/// The value of a variable; empty when it is not set.
[[nodiscard]] std::string environment(const char* name);

/// The user's home directory; empty when nobody knows it.
[[nodiscard]] std::filesystem::path home_directory();

/// ~/.config/gantry, or where XDG_CONFIG_HOME says; empty without a home.
[[nodiscard]] std::filesystem::path config_directory();

/// ~/.local/state/gantry, or where XDG_STATE_HOME says; empty without a home.
[[nodiscard]] std::filesystem::path state_directory();

/// `path` with "~" and "~/" at its beginning replaced by the home directory.
[[nodiscard]] std::string with_home(const std::string& path);

}  // namespace gantry::client
