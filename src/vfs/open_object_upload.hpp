// How an upload into a bucket begins: anew, where an interrupted one broke off, or behind what is there.
#pragma once

#include <memory>

#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// Errors as FileSystem::open_upload says. For create_new and continuations the target is looked at first; for replace
/// the look runs beside the data, and what it finds (is_directory, not_found) comes from prepare() or commit().
[[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_object_upload(ObjectContextPtr context, Path path,
                                                                       UploadOptions options);

}  // namespace gantry::vfs
