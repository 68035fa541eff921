// The book of multipart uploads in the state database: it outlives the process, and all nodes on one database share it.
// Must not know: which database it is.
#pragma once

#include <memory>

#include "state/database.hpp"
#include "vfs/upload_ledger.hpp"

namespace gantry::vfs {

/// Keeps the database open as long as it lives.
[[nodiscard]] std::shared_ptr<UploadLedger> make_sql_upload_ledger(std::shared_ptr<state::Database> database);

}  // namespace gantry::vfs
