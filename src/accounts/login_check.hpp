// Whether a name, a password and an account's own rules let somebody in.
// Must not know: where accounts come from, the configuration, sessions.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

#include "accounts/account_source.hpp"
#include "accounts/login_cache.hpp"
#include "async/blocking.hpp"
#include "async/byte_budget.hpp"

namespace gantry::accounts {

/// Bounds of the work that strangers can cause.
struct LoginBounds {
  std::size_t hashes_at_once = 4;  ///< argon2id takes 64 MiB each
  std::size_t waiting = 64;        ///< checks that wait for their turn; more are throttled
  std::size_t remembered = 1024;   ///< successful checks kept in memory
  Milliseconds remember_for = Seconds(60);
};

/// Thread-safe. Must outlive its logins: sessions hold it by shared_ptr while a reload replaces it.
class LoginCheck : public Accounts {
 public:
  /// `pool` runs the checks and must outlive this. An anonymous account needs no password. An entry of allow_from that
  /// is no network lets nobody in.
  LoginCheck(std::shared_ptr<AccountSource> source, async::BlockingPool& pool, LoginBounds bounds = {});

  /// As Accounts says, and what the source fails with.
  [[nodiscard]] Task<Result<Account>> login(Login attempt) override;

 private:
  [[nodiscard]] Task<Result<bool>> matches(const std::optional<Account>& known, const Login& attempt);
  [[nodiscard]] Task<Result<bool>> hash_and_compare(Secret stored, Secret given);

  std::shared_ptr<AccountSource> source_;
  async::BlockingPool& pool_;
  LoginBounds bounds_;
  LoginCache cache_;
  std::shared_ptr<async::ByteBudget> turns_;  ///< one byte is the right to one hash
  std::atomic<std::size_t> in_line_{0};
};

}  // namespace gantry::accounts
