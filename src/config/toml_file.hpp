// gantry.toml: which keys there are and where they stand. Inside this room only.
// Must not know: what the settings are used for, what depends on several of them (validate.hpp).
#pragma once

#include <filesystem>
#include <string_view>

#include "config/loader.hpp"

namespace gantry::config {

/// Fills `loaded.config` and reports every wrong key and value; false when the text is not TOML at all. Values that
/// stand in other files are looked for from `directory`.
[[nodiscard]] bool read_toml(std::string_view text, const std::filesystem::path& directory, Loaded& loaded,
                             Report& report);

}  // namespace gantry::config
