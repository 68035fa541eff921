#include "accounts/file_account_source.hpp"

#include <utility>

#include "accounts/password.hpp"
#include "base/text.hpp"

namespace gantry::accounts {
namespace {

Secret choose_decoy(const std::vector<Account>& accounts) {
  Secret decoy("no account has this password");
  for (const Account& account : accounts) {
    if (account.password.reveal().starts_with("$argon2")) return account.password;
    if (is_hash(account.password.reveal())) decoy = account.password;
  }
  return decoy;
}

}  // namespace

FileAccountSource::FileAccountSource(std::vector<Account> accounts, std::optional<Account> anonymous)
    : anonymous_(std::move(anonymous)), decoy_(choose_decoy(accounts)) {
  for (Account& account : accounts) {
    std::string name = account.name;
    accounts_.emplace(std::move(name), std::move(account));
  }
  if (anonymous_) anonymous_->anonymous = true;
}

Task<Result<std::optional<Account>>> FileAccountSource::find(std::string name) {
  if (const auto found = accounts_.find(name); found != accounts_.end()) co_return found->second;
  if (!anonymous_ || (!equal_ignoring_case(name, "anonymous") && !equal_ignoring_case(name, "ftp")))
    co_return std::nullopt;
  co_return anonymous_;  // under one name, so that limits count all of them together
}

}  // namespace gantry::accounts
