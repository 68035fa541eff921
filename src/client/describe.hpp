// Texts made from the table of verbs: completion for shells, the manual page. Must not know: servers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gantry::client {

/// The script that makes `shell` (bash, zsh or fish) complete gantry's words; nothing for other shells.
[[nodiscard]] std::optional<std::string> completion_script(std::string_view shell);

/// gantry(1) in roff, for man.
[[nodiscard]] std::string manual_page();

}  // namespace gantry::client
