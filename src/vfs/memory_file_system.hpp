// A file system in memory: for tests and for what need not outlive the process.
// Several sessions share one MemoryTree; its lock is held for a look-up or a swap of pointers only.
#pragma once

#include <cstdint>
#include <memory>

#include "vfs/file_system.hpp"

namespace gantry::vfs {

class MemoryTree;

/// An empty tree. `capacity`: bytes of all published files together; an upload beyond it is Errc::no_space, and only
/// with a capacity does free_space() know. Thread-safe: one tree may serve several lanes.
[[nodiscard]] std::shared_ptr<MemoryTree> make_memory_tree(std::uint64_t capacity = ByteRange::unbounded);

/// One session's view of a tree. A reader keeps the content it opened, whatever happens to the file. hold() discards.
/// An append or continuation whose base changed before commit() is Errc::conflict; for a replace the last commit wins.
class MemoryFileSystem : public FileSystem {
 public:
  explicit MemoryFileSystem(std::shared_ptr<MemoryTree> tree);

  [[nodiscard]] Capabilities capabilities(Path path) const override;
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
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
  std::shared_ptr<MemoryTree> tree_;
};

}  // namespace gantry::vfs
