#include "accounts/sql_account_source.hpp"

#include <utility>

#include "base/text.hpp"

namespace gantry::accounts {

SqlAccountSource::SqlAccountSource(std::shared_ptr<UserRecords> records, Read read)
    : records_(std::move(records)), read_(std::move(read)) {}

Task<Result<std::optional<Account>>> SqlAccountSource::find(std::string name) {
  // No user has such a name, and PostgreSQL would refuse the question itself.
  if (!is_utf8(name) || name.contains('\0')) co_return std::nullopt;
  auto record = co_await records_->find(std::move(name));
  if (!record) co_return fail(std::move(record.error()));
  if (!*record) co_return std::nullopt;
  auto account = read_(**record);
  if (!account) co_return fail(std::move(account.error()));
  co_return *std::move(account);
}

Secret SqlAccountSource::decoy() const {
  // Of a password nobody knows, as costly as those that gantryd user makes.
  return Secret("$argon2id$v=19$m=65536,t=2,p=1$K2QGTaXfeVTZQKDlYPHLcQ$Hy2zr1BBeVnE4RZqSK7+L4ApZte9j9vp0X/66rYU56Q");
}

LayeredAccountSource::LayeredAccountSource(std::shared_ptr<AccountSource> first, std::shared_ptr<AccountSource> second)
    : first_(std::move(first)), second_(std::move(second)) {}

Task<Result<std::optional<Account>>> LayeredAccountSource::find(std::string name) {
  auto found = co_await first_->find(name);
  if (!found || *found) co_return found;
  co_return co_await second_->find(std::move(name));
}

}  // namespace gantry::accounts
