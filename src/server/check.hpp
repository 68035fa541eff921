// `gantryd check`: everything that can be tried without serving.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace gantry::server {

/// Tries certificate and stores; one sentence a problem, naming the setting and what to do. Blocks until done.
[[nodiscard]] std::vector<std::string> check_stores(const config::Config& config);

}  // namespace gantry::server
