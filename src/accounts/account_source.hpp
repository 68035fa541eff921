// Where accounts come from. Whether somebody may log in is login_check.hpp's business.
#pragma once

#include <optional>
#include <string>

#include "accounts/account.hpp"

namespace gantry::accounts {

/// Thread-safe.
class AccountSource {
 public:
  virtual ~AccountSource() = default;
  /// The account as it is now, nothing when there is none of that name. Errc::unavailable or conflict when that cannot
  /// be told. Must outlive the call.
  [[nodiscard]] virtual Task<Result<std::optional<Account>>> find(std::string name) = 0;
  /// A stored password that costs as much to check as the costliest here: what an unknown user's is compared with.
  [[nodiscard]] virtual Secret decoy() const = 0;
  /// Stores another hash of the same password, for accounts with password_replaceable. No effect when the account
  /// holds something else than `before` by now.
  [[nodiscard]] virtual Task<Result<void>> replace_password(std::string /*name*/, Secret /*before*/, Secret /*after*/) {
    co_return fail(Errc::unsupported, "replace password", "these accounts cannot be changed");
  }
};

}  // namespace gantry::accounts
