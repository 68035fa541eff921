// The book of directory renames in the state database: it outlives the process, and all nodes on one database share it.
// Must not know: which database it is.
#pragma once

#include <memory>

#include "state/database.hpp"
#include "vfs/rename_plans.hpp"

namespace gantry::vfs {

/// Keeps the database open as long as it lives. Which processes live is what the upload ledger on the same database
/// has recorded.
[[nodiscard]] std::shared_ptr<RenamePlans> make_sql_rename_plans(std::shared_ptr<state::Database> database);

}  // namespace gantry::vfs
