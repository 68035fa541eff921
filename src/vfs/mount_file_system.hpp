// Several file systems under one root. The longest mount point that covers a path owns it. Mount points, and the
// directories on the way to them, are always there: shown in listings even when the store around them lacks them,
// and never removed, renamed or replaced. Must not know what the parts are.
#pragma once

#include <memory>
#include <vector>

#include "vfs/file_system.hpp"

namespace gantry::vfs {

struct Mount {
  Path at;
  std::shared_ptr<FileSystem> fs;
};

class MountFileSystem : public FileSystem {
 public:
  /// Mount points must differ. Without one at "/", the directories outside the mounts hold nothing but the way to
  /// them, and writing there is Errc::denied.
  explicit MountFileSystem(std::vector<Mount> mounts);

  [[nodiscard]] Capabilities capabilities(Path path) const override;
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override;
  [[nodiscard]] Task<Result<void>> enter(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override;
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
  /// From one mount to another only within one store, otherwise Errc::across_stores; Errc::mount_point for a mount
  /// point or a directory that holds one.
  using FileSystem::rename;
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to, Existing existing) override;
  [[nodiscard]] Task<Result<void>> may_rename(Path from) override;
  [[nodiscard]] std::optional<RenameProgress> rename_progress() const override;
  /// Errc::across_stores from one mount to another.
  [[nodiscard]] Task<Result<void>> copy(Path from, Path to) override;
  /// Errc::across_stores unless all lie in one mount.
  [[nodiscard]] Task<Result<Combined>> combine(Path target, std::vector<Path> sources, CombineOptions options) override;
  [[nodiscard]] Task<Result<void>> remove_file(Path path) override;
  /// Errc::mount_point for a mount point or a directory that holds one.
  [[nodiscard]] Task<Result<void>> remove_directory(Path path) override;
  [[nodiscard]] Task<Result<void>> make_directory(Path path) override;
  [[nodiscard]] Task<Result<void>> set_time(Path path, WallTime modified) override;
  [[nodiscard]] Task<Result<void>> set_mode(Path path, unsigned mode) override;
  [[nodiscard]] Task<Result<std::uint64_t>> free_space(Path path) override;
  [[nodiscard]] Task<Result<KnownChecksums>> known_checksums(Path path) override;

 private:
  struct Place {
    FileSystem* fs = nullptr;  // nothing owns the path
    Path path;                 // inside fs
  };

  [[nodiscard]] Place place(const Path& path) const;
  /// A mount point or a directory on the way to one.
  [[nodiscard]] bool fixed(const Path& path) const;
  [[nodiscard]] std::vector<std::string> fixed_names(const Path& directory) const;
  /// Where something new may be put: makes the directories on the way to mounts real when the store lacks them.
  [[nodiscard]] Task<Result<Place>> writable_place(Path path);
  /// Both ends of a rename or copy, the target free to be written to.
  [[nodiscard]] Task<Result<std::pair<Place, Place>>> places(Path from, Path to);

  std::vector<Mount> mounts_;  // longest path first
};

}  // namespace gantry::vfs
