// The board as JSON lines, with the fields that docs/client.md lists. Must not know: threads, where it is printed.
#pragma once

#include <string>

#include "client/progress_text.hpp"
#include "transfer/board.hpp"

namespace gantry::client {

/// A line for each transfer that ended: event "ended".
[[nodiscard]] std::string ended_json(const transfer::View& view);
/// How all of it stands: event "progress". Rates are those that `text` has noted.
[[nodiscard]] std::string progress_json(const transfer::View& view, const ProgressText& text);
/// The last line: event "total".
[[nodiscard]] std::string total_json(const transfer::Totals& totals, transfer::Clock::duration took);

}  // namespace gantry::client
