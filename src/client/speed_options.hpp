// The options about how fast: files at once, connections for one file, bandwidth.
#pragma once

#include <CLI/CLI.hpp>

#include "client/session.hpp"
#include "client/settings.hpp"
#include "transfer/segments.hpp"

namespace gantry::client {

/// Options that change `settings`, which must live as long as `app`.
void add_speed_options(CLI::App& app, Settings& settings);

/// How the settings want one file on the server of `connection` to be parted.
[[nodiscard]] transfer::SegmentOptions segment_options(Session& session, const ftp::Connection& connection);

}  // namespace gantry::client
