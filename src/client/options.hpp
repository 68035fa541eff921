// The options of every verb and of `gantry` itself, made from the table of settings.
#pragma once

#include <CLI/CLI.hpp>

#include "client/settings.hpp"

namespace gantry::client {

/// Options that change `settings`, which must live as long as `app`; some only for verbs that move files or trees.
/// What the verb has already is its own.
void add_options(CLI::App& app, Settings& settings, Moves moves);

}  // namespace gantry::client
