// A file on its way into a bucket: one PUT while it fits below one part, a multipart upload beyond, server-side copies
// for what is kept of the old object. Nothing is visible under the name before commit() has verified it.
// Must not know: listings, FTP.
#pragma once

#include <memory>

#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// Errors as FileSystem::open_upload says. For create_new and continuations the target is looked at first; for replace
/// the look runs beside the data, and what it finds (is_directory, not_found) comes from prepare() or commit().
[[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_object_upload(ObjectContextPtr context, Path path,
                                                                       UploadOptions options);

}  // namespace gantry::vfs
