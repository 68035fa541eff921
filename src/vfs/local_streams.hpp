// Reader, Upload and Listing of a local directory: they keep the buffers and send each block to the blocking pool.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "async/blocking.hpp"
#include "vfs/file_system.hpp"
#include "vfs/local_draft.hpp"
#include "vfs/local_root.hpp"

namespace gantry::vfs {

/// A plain file opened for reading.
struct PlainFile {
  Descriptor file;
  struct ::stat status{};
  bool in_memory = false;  ///< known to be: reading never waits for a disk
};
/// The file when the kernel has it at hand (LocalRoot::open_at_hand), so that a lane may ask.
[[nodiscard]] std::optional<PlainFile> open_plain_file_at_hand(const LocalRoot& root, const Path& path);
/// Errc::not_found, unfinished (an interrupted upload), is_directory, denied (not a plain file). Blocks.
[[nodiscard]] Result<PlainFile> open_plain_file(const LocalRoot& root, const Path& path);

/// Errc::bad_offset. Does not block. `pool` must outlive what it gives, as below.
[[nodiscard]] Result<std::unique_ptr<Reader>> make_local_reader(async::BlockingPool& pool, PlainFile plain,
                                                                const Path& path, ByteRange range);
/// Blocks, so it runs on the pool; what it gives is used on the lane.
[[nodiscard]] Result<std::unique_ptr<Listing>> open_local_listing(std::shared_ptr<LocalRoot> root,
                                                                  async::BlockingPool& pool, const Path& path);
[[nodiscard]] std::unique_ptr<Upload> make_local_upload(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft);

/// Copies what the draft keeps of an older file, in steps, so that a cancel does not wait for gigabytes. `progress` is
/// told after each how many bytes the draft has. Errc::cancelled leaves the draft to be discarded.
[[nodiscard]] Task<Result<void>> keep_all(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft,
                                          std::function<void(std::uint64_t)> progress = {});

}  // namespace gantry::vfs
