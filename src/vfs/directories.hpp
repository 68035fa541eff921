// Making a whole path of directories, on any FileSystem.
#pragma once

#include "vfs/file_system.hpp"

namespace gantry::vfs {

/// Makes `path` and every missing directory above it; success when it is there already. `fs` must outlive the task.
/// Errc::not_directory when a file stands in the way. On failure the directories made so far stay.
[[nodiscard]] Task<Result<void>> make_directories(FileSystem& fs, Path path);

}  // namespace gantry::vfs
