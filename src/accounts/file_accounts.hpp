// The accounts of the configuration file, checked in memory.
// Must not know: the configuration, sessions.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounts/account.hpp"
#include "accounts/login_cache.hpp"
#include "async/blocking.hpp"
#include "async/byte_budget.hpp"
#include "base/cidr.hpp"

namespace gantry::accounts {

/// Bounds of the work that strangers can cause.
struct LoginBounds {
  std::size_t hashes_at_once = 4;  ///< argon2id takes 64 MiB each
  std::size_t waiting = 64;        ///< checks that wait for their turn; more are throttled
  std::size_t remembered = 1024;   ///< successful checks kept in memory
  Milliseconds remember_for = Seconds(60);
};

/// Thread-safe. Must outlive its logins: sessions hold it by shared_ptr while a reload replaces it.
class FileAccounts : public Accounts {
 public:
  /// `pool` runs the checks and must outlive this. `anonymous`, when given, lets in "anonymous" and "ftp" with any
  /// password unless an account has that name. An entry of allow_from that is no network lets nobody in.
  FileAccounts(std::vector<Account> accounts, std::optional<Account> anonymous, async::BlockingPool& pool,
               LoginBounds bounds = {});

  [[nodiscard]] Task<Result<Account>> login(Login attempt) override;

 private:
  struct Known {
    Account account;
    std::vector<Cidr> networks;
  };

  [[nodiscard]] static Known prepare(Account account);
  [[nodiscard]] const Known* find(const std::string& name) const;
  [[nodiscard]] bool is_anonymous(const std::string& name) const;
  [[nodiscard]] Task<Result<bool>> matches(const Known* known, const Login& attempt);
  [[nodiscard]] Task<Result<bool>> hash_and_compare(Secret stored, Secret given);
  [[nodiscard]] static Result<Account> apply_rules(const Known& known, const Login& attempt);

  std::map<std::string, Known> accounts_;
  std::optional<Known> anonymous_;
  async::BlockingPool& pool_;
  LoginBounds bounds_;
  Secret decoy_;  ///< what the password of an unknown user is compared with; the result does not count
  LoginCache cache_;
  std::shared_ptr<async::ByteBudget> turns_;  ///< one byte is the right to one hash
  std::atomic<std::size_t> in_line_{0};
};

}  // namespace gantry::accounts
