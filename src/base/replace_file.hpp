// Small files that are written as a whole: settings, lists. Must not know: what is in them.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace gantry {

/// Makes `text` the content of `file`, which only its owner may read and write: others see the old content or all of
/// the new, also after a crash. A symbolic link is replaced, not followed. Errc::unavailable with the system's reason;
/// the old content is there then. Not for two writers at once.
[[nodiscard]] Result<void> replace_file(const std::string& file, std::string_view text);

}  // namespace gantry
