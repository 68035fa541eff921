// A directory of a bucket, page by page: while the caller uses one page the next is fetched, and where he waits for
// one, the next after it is asked for before that one is read. Memory: two pages.
// Must not know: who reads it.
#pragma once

#include <memory>

#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// ceil(n / 1000) requests for n keys. Errc::not_found, not_directory (one more request to tell), bad_name.
/// Times are those of the uploads: a time set by set_time() is known to stat() only. Keys that cannot be paths (empty
/// segment, ".", "..", control characters, invalid UTF-8, a directory with the name of a file) are left out and
/// counted in the log, once for a listing. The owner's held uploads come last.
[[nodiscard]] Task<Result<std::unique_ptr<Listing>>> open_object_listing(ObjectContextPtr context, Path path);

}  // namespace gantry::vfs
