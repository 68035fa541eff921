// Whether a name, a password and an account's own rules let somebody in.
// Must not know: where accounts come from, the configuration, sessions.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "accounts/account_source.hpp"
#include "accounts/login_cache.hpp"
#include "accounts/password.hpp"
#include "async/blocking.hpp"
#include "async/byte_budget.hpp"

namespace gantry::accounts {

struct LoginOptions {
  // Bounds of the work that strangers can cause.
  std::size_t hashes_at_once = 4;           ///< argon2id takes 64 MiB each
  std::size_t waiting = 64;                 ///< checks that wait for their turn; more are throttled
  std::size_t remembered = 1024;            ///< successful checks kept in memory
  Milliseconds remember_for = Seconds(60);  ///< 0: none is kept
  HashCost cost{};                          ///< weaker hashes that can be replaced are, when their owner logs in
};

/// Somebody else who is asked about users that no source knows. Thread-safe.
class OutsideCheck {
 public:
  virtual ~OutsideCheck() = default;
  /// The account, or Errc::denied; whatever else fails is no verdict. Log texts as of Accounts::login.
  [[nodiscard]] virtual Task<Result<Account>> ask(Login attempt) = 0;
};

/// Thread-safe. Must outlive its logins: sessions hold it by shared_ptr while a reload replaces it.
class LoginCheck : public Accounts {
 public:
  /// `pool` runs the checks and must outlive this. An anonymous account needs no password. An entry of allow_from that
  /// is no network lets nobody in. `outside` may be null: then unknown users are compared with the source's decoy.
  LoginCheck(std::shared_ptr<AccountSource> source, async::BlockingPool& pool, LoginOptions options = {},
             std::shared_ptr<OutsideCheck> outside = nullptr);

  /// As Accounts says, and what the source fails with. All refusals take as long as the slowest check so far, whatever
  /// kinds of hashes there are (one second at most).
  [[nodiscard]] Task<Result<Account>> login(Login attempt) override;
  [[nodiscard]] Task<std::optional<Account>> login_by_certificate(Login attempt) override;

 private:
  /// One comparison, whoever waits for it: ten first logins of one user at the same time hash once.
  struct Flight {
    std::shared_ptr<async::ByteBudget> turn = async::ByteBudget::create(1);
    std::optional<bool> outcome;  ///< belongs to who has the turn
  };

  [[nodiscard]] Task<Result<bool>> matches(const std::optional<Account>& known, const Login& attempt);
  [[nodiscard]] std::shared_ptr<Flight> join(const LoginCache::Digest& comparison);
  [[nodiscard]] Task<Result<bool>> hash_and_compare(Secret stored, Secret decoy, Secret given);
  [[nodiscard]] Task<void> strengthen(const Account& account, const Secret& password);

  std::shared_ptr<AccountSource> source_;
  async::BlockingPool& pool_;
  LoginOptions options_;
  std::shared_ptr<OutsideCheck> outside_;
  LoginCache cache_;
  std::shared_ptr<async::ByteBudget> turns_;  ///< one byte is the right to one hash
  std::atomic<std::size_t> in_line_{0};
  std::atomic<SteadyClock::duration> slowest_{SteadyClock::duration::zero()};
  std::mutex mutex_;
  std::map<LoginCache::Digest, std::weak_ptr<Flight>> flights_;
};

}  // namespace gantry::accounts
