// A tree with a quota: every change of what it holds is opened in the book of quotas before it begins and settled when
// it is done. Must not know: what the tree is made of, users.
#pragma once

#include <memory>

#include "vfs/file_system.hpp"
#include "vfs/quota_book.hpp"
#include "vfs/quota_count.hpp"

namespace gantry::vfs {

/// open_upload, advance and commit may fail with Errc::quota beside the errors of the tree itself; what is there then
/// stays as it was. An upload without a known size is promised little or nothing ahead of its bytes near the limit, so
/// it may send some MiB before it hears of it. Before the first count of the tree an upload counts it first, and is
/// refused with Errc::quota when that takes long. One call of the book before and one after each change, and one for
/// every 8 to 64 MiB of an upload; near the limit one more before commit.
class QuotaFileSystem : public FileSystem {
 public:
  QuotaFileSystem(std::shared_ptr<FileSystem> base, Quota quota, QuotaCounter count);

  /// As the tree's, and free_space() knows.
  [[nodiscard]] Capabilities capabilities(Path path) const override;
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override { return base_->stat(std::move(path)); }
  [[nodiscard]] Task<Result<void>> enter(Path path) override { return base_->enter(std::move(path)); }
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override { return base_->list(std::move(path)); }
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override {
    return base_->open_reader(std::move(path), range);
  }
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
  using FileSystem::rename;
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to, Existing existing) override;
  [[nodiscard]] Task<Result<void>> may_rename(Path from) override { return base_->may_rename(std::move(from)); }
  [[nodiscard]] std::optional<RenameProgress> rename_progress() const override { return base_->rename_progress(); }
  [[nodiscard]] Task<Result<void>> copy(Path from, Path to) override;
  [[nodiscard]] Task<Result<Combined>> combine(Path target, std::vector<Path> sources, CombineOptions options) override;
  [[nodiscard]] Task<Result<void>> remove_file(Path path) override;
  [[nodiscard]] Task<Result<void>> remove_directory(Path path) override {
    return base_->remove_directory(std::move(path));
  }
  [[nodiscard]] Task<Result<void>> make_directory(Path path) override { return base_->make_directory(std::move(path)); }
  [[nodiscard]] Task<Result<void>> set_time(Path path, WallTime modified) override {
    return base_->set_time(std::move(path), modified);
  }
  [[nodiscard]] Task<Result<void>> set_mode(Path path, unsigned mode) override {
    return base_->set_mode(std::move(path), mode);
  }
  /// What is left of the quota, or in the tree if that is less.
  [[nodiscard]] Task<Result<std::uint64_t>> free_space(Path path) override;
  [[nodiscard]] Task<Result<KnownChecksums>> known_checksums(Path path) override {
    return base_->known_checksums(std::move(path));
  }

 private:
  [[nodiscard]] Task<Result<QuotaUse>> count_now();
  [[nodiscard]] Task<Result<QuotaAnswer>> begin(QuotaWish wish);
  [[nodiscard]] Task<Result<void>> settled(std::string ticket, Result<void> done, QuotaChange change);

  std::shared_ptr<FileSystem> base_;
  Quota quota_;
  QuotaCounter count_;
};

}  // namespace gantry::vfs
