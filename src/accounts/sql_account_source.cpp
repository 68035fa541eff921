#include "accounts/sql_account_source.hpp"

#include <utility>

#include "base/text.hpp"

namespace gantry::accounts {

SqlAccountSource::SqlAccountSource(std::shared_ptr<UserRecords> records, Read read, const HashCost& cost)
    : records_(std::move(records)), read_(std::move(read)), decoy_(decoy_of(cost)) {}

Task<Result<std::optional<Account>>> SqlAccountSource::find(std::string name) {
  // No user has such a name, and PostgreSQL would refuse the question itself.
  if (!is_utf8(name) || name.contains('\0')) co_return std::nullopt;
  auto record = co_await records_->find(std::move(name));
  if (!record) co_return fail(std::move(record.error()));
  if (!*record) co_return std::nullopt;
  auto account = read_(**record);
  if (!account) co_return fail(std::move(account.error()));
  account->password_replaceable = true;
  co_return *std::move(account);
}

Task<Result<void>> SqlAccountSource::replace_password(std::string name, Secret before, Secret after) {
  return records_->replace_password(std::move(name), std::move(before), std::move(after));
}

LayeredAccountSource::LayeredAccountSource(std::shared_ptr<AccountSource> first, std::shared_ptr<AccountSource> second)
    : first_(std::move(first)), second_(std::move(second)) {}

Task<Result<std::optional<Account>>> LayeredAccountSource::find(std::string name) {
  auto found = co_await first_->find(name);
  if (!found || *found) co_return found;
  co_return co_await second_->find(std::move(name));
}

Task<Result<void>> LayeredAccountSource::replace_password(std::string name, Secret before, Secret after) {
  auto found = co_await first_->find(name);
  if (!found) co_return fail(std::move(found.error()));
  auto& source = *found ? first_ : second_;
  co_return co_await source->replace_password(std::move(name), std::move(before), std::move(after));
}

}  // namespace gantry::accounts
