// How fast transfers go: connections for one file, bandwidth.
#pragma once

#include <string>

#include "client/session.hpp"
#include "client/settings.hpp"
#include "transfer/segments.hpp"

namespace gantry::client {

/// Lets transfers keep `settings.limit`. What is wrong with it; empty: nothing.
[[nodiscard]] std::string set_pace(Settings& settings);

/// How the settings want one file on the server of `connection` to be parted.
[[nodiscard]] transfer::SegmentOptions segment_options(Session& session, const ftp::Connection& connection);

}  // namespace gantry::client
