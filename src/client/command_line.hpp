// `gantry [OPTIONS] VERB ...` or `gantry [OPTIONS] [URL]` for the shell.
#pragma once

#include <string>
#include <vector>

#include "client/exit.hpp"

namespace gantry::client {

/// The whole program; `words` without its name.
[[nodiscard]] Exit run(const std::vector<std::string>& words, const std::string& version);

}  // namespace gantry::client
