// The accounts of the state database, read anew for each login, and a source made of two.
// Must not know: what the settings of a record mean.
#pragma once

#include <functional>
#include <memory>

#include "accounts/account_source.hpp"
#include "accounts/password.hpp"
#include "accounts/user_records.hpp"

namespace gantry::accounts {

/// What changes in the database counts for the next login.
class SqlAccountSource : public AccountSource {
 public:
  using Read = std::function<Result<Account>(const UserRecord& record)>;

  /// `read` makes the account of a record, on the lane; what it fails with the login fails with.
  /// `cost` is what the records' hashes cost at most, by and large.
  SqlAccountSource(std::shared_ptr<UserRecords> records, Read read, const HashCost& cost = {});

  [[nodiscard]] Task<Result<std::optional<Account>>> find(std::string name) override;
  [[nodiscard]] Secret decoy() const override { return decoy_; }
  [[nodiscard]] Task<Result<void>> replace_password(std::string name, Secret before, Secret after) override;

 private:
  std::shared_ptr<UserRecords> records_;
  Read read_;
  Secret decoy_;
};

/// Looks in `first`, then in `second`: of two accounts with one name the first one's counts, and as long as it has the
/// name nobody waits for the second.
class LayeredAccountSource : public AccountSource {
 public:
  LayeredAccountSource(std::shared_ptr<AccountSource> first, std::shared_ptr<AccountSource> second);

  [[nodiscard]] Task<Result<std::optional<Account>>> find(std::string name) override;
  [[nodiscard]] Secret decoy() const override { return second_->decoy(); }
  [[nodiscard]] Task<Result<void>> replace_password(std::string name, Secret before, Secret after) override;

 private:
  std::shared_ptr<AccountSource> first_;
  std::shared_ptr<AccountSource> second_;
};

}  // namespace gantry::accounts
