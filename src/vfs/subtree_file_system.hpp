// A directory of another file system as a file system of its own: a jail by construction, since every path is hung
// under the root and paths have no "..". Must not know what the base is.
#pragma once

#include <memory>

#include "vfs/file_system.hpp"

namespace gantry::vfs {

class SubtreeFileSystem : public FileSystem {
 public:
  /// `root` need not exist: until it does, even "/" is Errc::not_found (make_directories() makes it).
  SubtreeFileSystem(std::shared_ptr<FileSystem> base, Path root);

  [[nodiscard]] Capabilities capabilities(Path path) const override;
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override;
  [[nodiscard]] Task<Result<void>> enter(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
  using FileSystem::rename;
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to, Existing existing) override;
  [[nodiscard]] Task<Result<void>> may_rename(Path from) override;
  /// Into another subtree of the same base.
  [[nodiscard]] Task<Result<void>> move_to(FileSystem& target, Path from, Path to, Existing existing) override;
  [[nodiscard]] std::optional<RenameProgress> rename_progress() const override { return base_->rename_progress(); }
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
  [[nodiscard]] Path below(const Path& path) const { return root_.join(path); }

  std::shared_ptr<FileSystem> base_;
  Path root_;
};

}  // namespace gantry::vfs
