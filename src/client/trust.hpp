// Which servers are trusted, as the user says it. Must not know: certificates.
#pragma once

#include <CLI/CLI.hpp>

#include <atomic>

#include "client/settings.hpp"

namespace gantry::client {

/// --ca-file, --pin, --trust-on-first-use.
void add_trust_options(CLI::App& app, Settings& settings);

/// The file of keys trusted before, and the question about others when somebody can answer.
void complete_trust(ftp::ConnectionOptions& options, const std::atomic<bool>& stop);

}  // namespace gantry::client
