// gantryd uploads list|abort: unfinished uploads for people.
// Must not know: databases, stores (server/uploads.hpp does).
#pragma once

#include <string>

#include "config/config.hpp"

namespace gantry {

/// Prints a line for each upload on record. 0, or an exit code of sysexits.h.
[[nodiscard]] int list_uploads(const config::Config& config);
/// Aborts one. 0, or an exit code of sysexits.h.
[[nodiscard]] int abort_upload(const config::Config& config, const std::string& ticket);

}  // namespace gantry
