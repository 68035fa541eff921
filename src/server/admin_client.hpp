// An administrator's command, put to the server that runs with a configuration, or carried out here when none does.
// Must not know: the command line, how answers are shown.
#pragma once

#include <memory>

#include "server/admin.hpp"

namespace gantry::server {

/// Blocks, for two minutes at most. Never throws for what others do.
[[nodiscard]] AdminAnswer ask_admin(const std::shared_ptr<const config::Config>& config, json::object request);

}  // namespace gantry::server
