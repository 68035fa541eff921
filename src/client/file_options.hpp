// The options about one file's transfer: what is there already, proof, tries, deadlines.
#pragma once

#include <CLI/CLI.hpp>

#include "client/settings.hpp"

namespace gantry::client {

/// An option that takes "30s", "5m", "250ms".
void add_duration(CLI::App& app, const std::string& name, Milliseconds& value, const std::string& help);

}  // namespace gantry::client
