// Lines from a descriptor while somebody may want to stop. Must not know: what they say.
#pragma once

#include <atomic>
#include <optional>
#include <string>

namespace gantry::terminal {

inline constexpr std::size_t longest_line = 1 << 20;  ///< what is longer is cut

/// The next line without its end, read byte by byte, so that what follows stays for other programs. Nothing at the end
/// of the input and within a moment of `stop`.
[[nodiscard]] std::optional<std::string> read_line(int descriptor, const std::atomic<bool>& stop);

/// Waits until something can be read. False after `milliseconds`, and early on a signal.
[[nodiscard]] bool readable(int descriptor, int milliseconds);

}  // namespace gantry::terminal
