// The roll of the processes that use the state database: the table nodes, which every book of theirs goes by.
// Must not know: what they record.
#pragma once

#include <soci/soci.h>

#include <string>

namespace gantry::state {

/// Says that `node` lives, and strikes out those that do not: what this machine knows to be gone at once, others after
/// a minute of silence. To be called far more often than that.
void call_the_roll(soci::session& sql, const std::string& node);

}  // namespace gantry::state
