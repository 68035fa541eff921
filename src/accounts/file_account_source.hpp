// The accounts of the configuration file, in memory.
// Must not know: the configuration, passwords' rules, sessions.
#pragma once

#include <map>
#include <vector>

#include "accounts/account_source.hpp"

namespace gantry::accounts {

/// Immutable: a reload makes another one.
class FileAccountSource : public AccountSource {
 public:
  /// `anonymous`, when given, is found as "anonymous" and "ftp" in any case, unless an account has that name.
  explicit FileAccountSource(std::vector<Account> accounts, std::optional<Account> anonymous = std::nullopt);

  [[nodiscard]] Task<Result<std::optional<Account>>> find(std::string name) override;
  [[nodiscard]] Secret decoy() const override { return decoy_; }

 private:
  std::map<std::string, Account> accounts_;
  std::optional<Account> anonymous_;
  Secret decoy_;
};

}  // namespace gantry::accounts
