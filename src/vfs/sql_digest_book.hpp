// The book of checksums in the state database: it outlives the process, and all processes on the database share it.
// Must not know: which database it is.
#pragma once

#include <cstdint>
#include <memory>

#include "state/database.hpp"
#include "vfs/digest_book.hpp"

namespace gantry::vfs {

/// Keeps the database open as long as it lives, and the entries of about the last `most` objects (300 bytes each).
[[nodiscard]] std::shared_ptr<DigestBook> make_sql_digest_book(std::shared_ptr<state::Database> database,
                                                               std::int64_t most = 100'000);

}  // namespace gantry::vfs
