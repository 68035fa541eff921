// The options that every verb has, and `gantry` itself.
#pragma once

#include <CLI/CLI.hpp>

#include "client/settings.hpp"

namespace gantry::client {

/// Options that change `settings`, which must live as long as `app`.
void add_options(CLI::App& app, Settings& settings);

}  // namespace gantry::client
