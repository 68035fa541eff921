// The prompt: reads lines, runs verbs, until bye.
#pragma once

#include "client/session.hpp"

namespace gantry::client {

/// Returns the exit code of the last verb.
Exit run_shell(Session& session);

}  // namespace gantry::client
