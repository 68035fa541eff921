// Paths as clients write them. Must not know: storage, what exists.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::proto {

inline constexpr std::size_t max_segment_bytes = 255;  // NAME_MAX of every Linux file system
inline constexpr std::size_t max_path_bytes = 4096;    // PATH_MAX

/// `argument` seen from `cwd` (an absolute path) unless it begins with '/': absolute, "." and ".." folded (".." at the
/// root stays there), repeated slashes counted once, no slash at the end except for "/" itself. An empty argument is
/// `cwd`. Blanks are part of names. Nothing for control characters (NUL, CR, LF, ..., DEL), a segment above 255 bytes
/// (even one that ".." would drop again) or a result above 4096 bytes.
[[nodiscard]] std::optional<std::string> normalise(std::string_view cwd, std::string_view argument);

}  // namespace gantry::proto
