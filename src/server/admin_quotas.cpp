#include "server/admin_quotas.hpp"

#include "base/text.hpp"

namespace gantry::server {

Task<Result<QuotaReport>> report_quota(const Shared& shared, std::string user, Recount recount) {
  static constexpr auto operation = "quota";
  const auto source = shared.generation()->users;
  auto account = co_await source->find(user);
  if (!account) co_return fail(std::move(account.error()));
  if (!*account) co_return fail(Errc::not_found, operation, "there is no user " + escape_control(user));
  const auto quota = shared.quota(**account);
  if (!quota) co_return fail(Errc::not_found, operation, escape_control(user) + " has no quota");
  if (!quota->book) co_return fail(Errc::unavailable, operation, "there is no state database to count in");
  auto use = recount ? co_await recount(std::move(**account)) : co_await quota->book->use(quota->tree);
  if (!use) co_return fail(std::move(use.error()));
  co_return QuotaReport{quota->limits, *use};
}

}  // namespace gantry::server
