// The stores of the configuration and the trees made of them: the one place that names concrete file systems and
// stores.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accounts/account.hpp"
#include "server/shared.hpp"
#include "vfs/file_system.hpp"

namespace gantry::server {

/// An unfinished upload and what the configuration calls its store.
struct RecordedUpload {
  std::string store;
  vfs::UploadLedger::Record record;
};

/// The stores of one lane, and the trees made of them.
class Storage {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Storage>> create(const config::Config& config, Shared& shared,
                                                               asio::any_io_executor executor);
  ~Storage();

  /// The tree of an account: home as "/", mounts in it, its rules over all. Makes the home directory, and the drop box,
  /// when they are missing.
  [[nodiscard]] Task<Result<std::shared_ptr<vfs::FileSystem>>> open(accounts::Account account);
  /// Can every store be used? One problem a store, in words for the operator.
  [[nodiscard]] Task<std::vector<std::string>> probe();
  /// The janitor's steps: drop uploads that were held longer than `ttl`. On disks this walks the whole tree.
  [[nodiscard]] Task<void> sweep(Milliseconds ttl);
  [[nodiscard]] Task<void> sweep_disks(Milliseconds ttl);
  /// Finishes or undoes directory renames in buckets that broke off.
  [[nodiscard]] Task<void> end_renames();
  /// Counts the trees that the book of quotas wants counted.
  [[nodiscard]] Task<void> count_due();
  /// Counts one account's tree, beside sessions that change it. Errc::not_found: it has no quota; those of
  /// vfs::recount().
  [[nodiscard]] Task<Result<vfs::QuotaUse>> recount(accounts::Account account);
  /// What the ledger has on record of the buckets.
  [[nodiscard]] Task<Result<std::vector<RecordedUpload>>> uploads();
  /// Aborts one of them at once. Errors as vfs::abort_recorded, and not_found.
  [[nodiscard]] Task<Result<void>> abort_upload(std::string ticket);

 private:
  struct Parts;
  explicit Storage(std::shared_ptr<Parts> parts);
  /// The tree at a place, whose directory is made where directories are real.
  [[nodiscard]] Task<Result<std::shared_ptr<vfs::FileSystem>>> open_place(accounts::Place place, std::string owner);
  [[nodiscard]] Task<Result<std::shared_ptr<vfs::FileSystem>>> under_quota(accounts::Account account,
                                                                           std::shared_ptr<vfs::FileSystem> tree);
  [[nodiscard]] Task<Result<vfs::QuotaUse>> recount_tree(std::string tree, vfs::CountFor reason);
  std::shared_ptr<Parts> parts_;  ///< counts that sessions began may outlive this object
};

}  // namespace gantry::server
