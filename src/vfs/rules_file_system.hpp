// A tree as one account may use it: every call is checked against the account's rules before the tree hears of it, so
// that no command can forget to. What may not be done is Errc::denied, said without a look at the store; a new name
// that cannot be used is bad_name. Must not know: what the base is, FTP verbs.
#pragma once

#include <memory>

#include "accounts/tree_rules.hpp"
#include "vfs/file_system.hpp"

namespace gantry::vfs {

class RulesFileSystem : public FileSystem {
 public:
  /// Paths of the rules are paths of `base`.
  RulesFileSystem(std::shared_ptr<FileSystem> base, accounts::TreeRules rules);

  [[nodiscard]] Capabilities capabilities(Path path) const override;
  /// l; who may only write there is told of interrupted uploads alone, not even whether anything else is there.
  [[nodiscard]] Task<Result<Entry>> stat(Path path) override;
  [[nodiscard]] Task<Result<void>> enter(Path path) override;                     ///< e
  [[nodiscard]] Task<Result<std::unique_ptr<Listing>>> list(Path path) override;  ///< l, without the hidden names
  [[nodiscard]] Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) override;  ///< r
  /// a to append, otherwise w.
  [[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) override;
  using FileSystem::rename;
  /// f at both ends, and at every directory with rights of its own below them: a tree takes no file past its rules.
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to, Existing existing) override;
  [[nodiscard]] Task<Result<void>> may_rename(Path from) override;  ///< f
  [[nodiscard]] std::optional<RenameProgress> rename_progress() const override { return base_->rename_progress(); }
  [[nodiscard]] Task<Result<void>> copy(Path from, Path to) override;  ///< r and w
  /// w and f of the target, f of every source: files are joined where they could be uploaded and renamed. Nobody who
  /// may put new files only.
  [[nodiscard]] Task<Result<Combined>> combine(Path target, std::vector<Path> sources, CombineOptions options) override;
  [[nodiscard]] Task<Result<void>> remove_file(Path path) override;                  ///< d
  [[nodiscard]] Task<Result<void>> remove_directory(Path path) override;             ///< d
  [[nodiscard]] Task<Result<void>> make_directory(Path path) override;               ///< m
  [[nodiscard]] Task<Result<void>> set_time(Path path, WallTime modified) override;  ///< T
  [[nodiscard]] Task<Result<void>> set_mode(Path path, unsigned mode) override;      ///< M
  [[nodiscard]] Task<Result<std::uint64_t>> free_space(Path path) override;          ///< l
  [[nodiscard]] Task<Result<KnownChecksums>> known_checksums(Path path) override;    ///< r

 private:
  /// Of what is there already.
  [[nodiscard]] Result<void> check(accounts::Permission permission, const Path& path) const;
  /// Of a name that would be new.
  [[nodiscard]] Result<void> check_new(accounts::Permission permission, const Path& path) const;

  std::shared_ptr<FileSystem> base_;
  std::shared_ptr<const accounts::TreeRules> rules_;  // listings may outlive this
};

}  // namespace gantry::vfs
