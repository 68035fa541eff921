// What all lanes share: small thread-safe things and nothing else.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "accounts/account_source.hpp"
#include "accounts/user_records.hpp"
#include "async/blocking.hpp"
#include "async/byte_budget.hpp"
#include "config/config.hpp"
#include "limits/ban_book.hpp"
#include "limits/defender.hpp"
#include "limits/login_throttle.hpp"
#include "limits/session_limits.hpp"
#include "limits/speed_book.hpp"
#include "server/passive_ports.hpp"
#include "server/store_states.hpp"
#include "session/host.hpp"
#include "tls/server_context.hpp"
#include "vfs/digest_book.hpp"
#include "vfs/quota_book.hpp"
#include "vfs/rename_plans.hpp"
#include "vfs/upload_ledger.hpp"

namespace gantry::server {

/// What a reload replaces as a whole.
struct Generation {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const tls::ServerContext> tls;  ///< null: TLS is off
  std::shared_ptr<accounts::AccountSource> users;
  std::shared_ptr<accounts::Accounts> accounts;  ///< checks logins of `users`
};

/// The speed limits of an account.
[[nodiscard]] limits::UserRates rates_of(const accounts::Account& account);

class Shared {
 public:
  explicit Shared(const config::Config& config);

  [[nodiscard]] std::shared_ptr<const Generation> generation() const;
  void replace(std::shared_ptr<const Generation> generation);
  /// For a reload: what the configuration says of limits and bans counts from now on.
  void obey(const config::Config& config);
  /// Looks up the accounts that have sessions and applies their speed limits as they are now.
  [[nodiscard]] Task<void> follow_user_rates();
  /// Nothing for an account without limits. Its book is null when there is none.
  [[nodiscard]] std::optional<vfs::Quota> quota(const accounts::Account& account) const;
  [[nodiscard]] std::uint64_t next_session_id() { return next_id_.fetch_add(1); }

  async::BlockingPool blocking;
  std::shared_ptr<async::ByteBudget> budget;
  std::shared_ptr<PassivePorts> passive_ports;
  StoreStates stores;
  std::shared_ptr<accounts::UserRecords> users;  ///< null: the state database is in memory and has none
  std::shared_ptr<vfs::UploadLedger> ledger = vfs::make_memory_upload_ledger();
  std::shared_ptr<vfs::RenamePlans> renames = vfs::make_memory_rename_plans();
  std::shared_ptr<vfs::DigestBook> digest_book = vfs::make_memory_digest_book();
  std::shared_ptr<limits::BanBook> bans = limits::make_memory_ban_book();
  std::shared_ptr<vfs::QuotaBook> quotas;  ///< null: no state database was opened
  limits::SessionLimits session_limits;
  limits::Defender defender;
  limits::SpeedBook speeds;
  limits::LoginThrottle login_throttle;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Generation> generation_;
  std::atomic<std::uint64_t> next_id_{1};
};

}  // namespace gantry::server
