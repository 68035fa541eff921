// Checksums of files and small services built on FileSystem alone.
// Must not know: which back end answers, FTP's HASH and X* commands.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "vfs/file_system.hpp"

namespace gantry::vfs {

struct Checksum {
  std::string value;            ///< raw bytes
  std::uint64_t file_size = 0;  ///< bytes, whatever the range
};

/// Told after each block how many bytes it had. It may wait; its error is the checksum's.
using Pace = std::function<Task<Result<void>>(std::size_t bytes)>;

/// The checksum of `range` of the file. For a whole file the store is asked first; otherwise the bytes are read in
/// blocks of 256 KiB, as fast as `pace` (may be empty) lets them. `fs` must outlive the task. Errc::not_found,
/// is_directory, bad_offset, conflict when the file changed meanwhile, cancelled.
[[nodiscard]] Task<Result<Checksum>> checksum_of(FileSystem& fs, Path path, digest::Algorithm algorithm,
                                                 ByteRange range, Pace pace = {});
/// The same, always read.
[[nodiscard]] Task<Result<Checksum>> read_checksum(FileSystem& fs, Path path, digest::Algorithm algorithm,
                                                   ByteRange range, Pace pace = {});
/// Its value, known or read.
[[nodiscard]] Task<Result<std::string>> compute_checksum(FileSystem& fs, Path path, digest::Algorithm algorithm,
                                                         ByteRange range, Pace pace = {});

}  // namespace gantry::vfs
