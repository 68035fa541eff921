// A bucket (or a part of one, below a prefix) as a tree of files and directories.
// A directory exists while any key begins with its name and a slash; an empty one is kept by a zero-byte marker object.
// Must not know: which cloud, FTP, configuration.
#pragma once

#include <memory>

#include "vfs/file_system.hpp"
#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// One session's view of the bucket. Besides what FileSystem says: names must be UTF-8 (bad_name); the rename of a
/// directory is not atomic, but its sources go only when all copies are verified; set_time() is for files only;
/// listings show the time of the upload; hold() keeps what fills whole parts of the store's minimum size.
/// Uploads, readers and listings may outlive it.
class ObjectFileSystem : public FileSystem {
 public:
  ObjectFileSystem(std::shared_ptr<object::Store> store, ObjectFileSystemOptions options);

  [[nodiscard]] Capabilities capabilities(Path path) const override;
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override;
  [[nodiscard]] Task<Result<void>> enter(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
  using FileSystem::rename;
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to, Existing existing) override;
  /// Files between the buckets of one service, directories within one bucket: as rename().
  [[nodiscard]] Task<Result<void>> move_to(FileSystem& target, Path from, Path to, Existing existing) override;
  [[nodiscard]] std::optional<RenameProgress> rename_progress() const override { return context_->rename_progress; }
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
  ObjectContextPtr context_;
};

}  // namespace gantry::vfs
