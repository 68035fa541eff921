// Checksums of files and small services built on FileSystem alone.
// Must not know: which back end answers, FTP's HASH and X* commands.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "vfs/file_system.hpp"

namespace gantry::vfs {

/// The raw bytes of the checksum of `range` of the file. For a whole file the store is asked first; otherwise the
/// bytes are read in blocks of 256 KiB. `progress` (may be empty) is told after each block how many bytes are done.
/// `fs` must outlive the task. Errc::not_found, is_directory, bad_offset, conflict when the file changed meanwhile,
/// cancelled.
[[nodiscard]] Task<Result<std::string>> compute_checksum(FileSystem& fs, Path path, digest::Algorithm algorithm,
                                                         ByteRange range,
                                                         std::function<void(std::uint64_t)> progress = {});

}  // namespace gantry::vfs
