// What this terminal can do, and printing on it. Must not know: FTP.
#pragma once

#include <string>
#include <string_view>

namespace gantry::terminal {

/// Standard output is a terminal / standard input is one that can answer questions.
[[nodiscard]] bool draws();
[[nodiscard]] bool answers();

/// Columns `text` takes: wide characters count two, combining ones none, malformed bytes one each.
[[nodiscard]] std::size_t width_of(std::string_view text);

}  // namespace gantry::terminal
