// A directory of the machine as a file system. Every call that may touch the disk runs on the blocking pool; a
// symbolic link cannot lead out of the root; a file is published whole or not at all.
// Differences worth knowing: an upload onto a symbolic link replaces the link, not what it leads to; removing and
// renaming never follow the last name; an interrupted upload of a new name is held under a hidden name beside it,
// one that would replace a file is discarded.
#pragma once

#include <memory>

#include "async/blocking.hpp"
#include "vfs/file_system.hpp"
#include "vfs/local_root.hpp"

namespace gantry::vfs {

class LocalFileSystem : public FileSystem {
 public:
  /// Sessions on all lanes share one root. `pool` must outlive the file system and what it opens.
  LocalFileSystem(std::shared_ptr<LocalRoot> root, async::BlockingPool& pool);

  [[nodiscard]] Capabilities capabilities(Path path) const override;
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
  /// Errc::across_stores when source and target lie on different disks below the root.
  using FileSystem::rename;
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to, Existing existing) override;
  [[nodiscard]] Task<Result<void>> copy(Path from, Path to) override;
  [[nodiscard]] Task<Result<Combined>> combine(Path target, std::vector<Path> sources, CombineOptions options) override;
  [[nodiscard]] Task<Result<void>> remove_file(Path path) override;
  [[nodiscard]] Task<Result<void>> remove_directory(Path path) override;
  [[nodiscard]] Task<Result<void>> make_directory(Path path) override;
  [[nodiscard]] Task<Result<void>> set_time(Path path, WallTime modified) override;
  [[nodiscard]] Task<Result<void>> set_mode(Path path, unsigned mode) override;
  [[nodiscard]] Task<Result<std::uint64_t>> free_space(Path path) override;
  [[nodiscard]] Task<Result<KnownChecksums>> known_checksums(Path path) override;

 private:
  std::shared_ptr<LocalRoot> root_;
  async::BlockingPool* pool_;
};

}  // namespace gantry::vfs
