// Builds everything from the configuration: the one place that names concrete file systems and stores.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "accounts/account.hpp"
#include "accounts/account_source.hpp"
#include "accounts/password.hpp"
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
  [[nodiscard]] Task<Result<vfs::QuotaUse>> recount_tree(std::string tree);
  std::shared_ptr<Parts> parts_;  ///< counts that sessions began may outlive this object
};

/// Opens the state database, unless it is sqlite::memory:, and gives `shared` what stands on it: users, bans and, when
/// there is a bucket, the books of multipart uploads, directory renames and checksums. Blocks. Errors name
/// server.state.
[[nodiscard]] Result<void> open_state(const config::Config& config, Shared& shared);

/// False for a SQLite file that is not there: it holds nothing, and must not be made by whoever only looks.
[[nodiscard]] bool has_state(const config::Config& config);

/// Gives a generation that has its configuration its accounts: those of the configuration file and, where they lack a
/// name, of the state database; about others the login hook is asked.
void make_accounts(Generation& generation, Shared& shared);
/// What new password hashes cost.
[[nodiscard]] accounts::HashCost hash_cost(const config::Config& config);

/// Certificate and key of the configuration; null when TLS is off. TLS sessions of `previous` can be resumed on it.
[[nodiscard]] Result<std::shared_ptr<const tls::ServerContext>> make_tls(const config::Config& config,
                                                                         const tls::ServerContext* previous = nullptr);

}  // namespace gantry::server
