// Another program, run to its end. Must not know: what for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "base/units.hpp"

namespace gantry::client {

/// What `words` (found in PATH) wrote on its output, up to 64 KiB, when it ended with 0 within `limit`; else nothing.
/// It reads `input` and nothing else; its messages are dropped.
[[nodiscard]] std::optional<Secret> run_program(const std::vector<std::string>& words, const Secret& input,
                                                Milliseconds limit);

}  // namespace gantry::client
