// How much memory this process may use.
#pragma once

#include <cstdint>
#include <string>

namespace gantry::config {

/// Bytes: the least of the machine's memory and the limits of the process's control groups (version 2 or 1), read
/// below `root`, which is "" but in tests. Never 0.
[[nodiscard]] std::uint64_t usable_memory(const std::string& root = {});

}  // namespace gantry::config
