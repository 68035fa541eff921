// Which servers are trusted, as the user says it. Must not know: certificates.
#pragma once

#include <atomic>
#include <string>

#include "client/settings.hpp"

namespace gantry::client {

/// What is wrong with the pinned key; empty: nothing.
[[nodiscard]] std::string check_pin(const Settings& settings);

/// The file of keys trusted before, and the question about others when somebody can answer.
void complete_trust(ftp::ConnectionOptions& options, const std::atomic<bool>& stop);

}  // namespace gantry::client
