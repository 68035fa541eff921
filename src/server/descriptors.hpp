// How many file descriptors this process may have, and for how many sessions they are enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/config.hpp"

namespace gantry::server {

/// Threads that serve sessions: what the configuration says, or one for each core.
[[nodiscard]] std::size_t lanes_of(const config::Config& config);

/// Makes the soft limit as high as the hard one, which needs no right. False when the system refuses.
bool raise_descriptor_limit();
/// The soft limit in force.
[[nodiscard]] std::uint64_t descriptor_limit();

/// How many sessions can transfer at the same time with so many descriptors, when every store has as many connections
/// as it may.
[[nodiscard]] std::uint64_t sessions_within(const config::Config& config, std::uint64_t descriptors);
/// What to tell whoever set server.max_sessions higher than that; nothing when it fits, or when no limit was asked for.
[[nodiscard]] std::optional<std::string> too_few_descriptors(const config::Config& config, std::uint64_t descriptors);

}  // namespace gantry::server
