// The tables of the state database and how they came to be, version by version.
// Must not know: who uses the tables.
#pragma once

#include <soci/soci.h>

#include "base/error.hpp"

namespace gantry::state {

/// Makes what is missing, within the caller's transaction. Errc::invalid when the tables are of a later version than
/// this program knows.
[[nodiscard]] Result<void> bring_up_to_date(soci::session& sql);

}  // namespace gantry::state
