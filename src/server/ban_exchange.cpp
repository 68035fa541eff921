#include "server/ban_exchange.hpp"

#include <fmt/format.h>

#include "async/event.hpp"
#include "base/log.hpp"
#include "limits/address_group.hpp"
#include "server/shared.hpp"

namespace gantry::server {
namespace {

/// How long a ban may take from one node to the next.
constexpr auto interval = Seconds(2);

Result<std::string> network_of(std::string_view text) {
  if (auto network = limits::canonical_network(text)) return std::move(*network);
  return fail(Errc::invalid, "ban",
              fmt::format("\"{}\" is neither an address nor a network such as 192.0.2.0/24", text));
}

}  // namespace

Task<void> BanExchange::run() {
  do {
    auto done = co_await exchange();
    // Once an outage: bans made here count here all the same.
    if (!done && !book_failed_) log::error("bans are not shared", {{"reason", done.error().text()}});
    if (done && book_failed_) log::info("bans are shared again");
    book_failed_ = !done;
  } while (co_await async::sleep_for(interval));
}

Task<Result<void>> BanExchange::exchange() {
  auto& book = *shared_.bans;
  const auto ours = shared_.defender.unsaved();
  for (const limits::Ban& ban : ours)
    if (auto recorded = co_await book.record(ban); !recorded) co_return recorded;
  if (!ours.empty()) {
    if (auto forgotten = co_await book.forget(shared_.defender.horizon(wall_now())); !forgotten) co_return forgotten;
  }
  auto all = co_await book.list();
  if (!all) co_return fail(std::move(all.error()));
  shared_.defender.learn(std::move(*all), ours);
  co_return Result<void>{};
}

Task<Result<limits::Ban>> add_ban(limits::BanBook& book, std::string network, std::optional<Milliseconds> duration,
                                  std::string reason) {
  auto canonical = network_of(network);
  if (!canonical) co_return fail(std::move(canonical.error()));
  const WallTime now = wall_now();
  limits::Ban ban{.network = std::move(*canonical),
                  .since = now,
                  .end = duration ? std::min(now + *duration, limits::never_ends) : limits::never_ends,
                  .reason = std::move(reason)};
  if (auto recorded = co_await book.record(ban); !recorded) co_return fail(std::move(recorded.error()));
  co_return ban;
}

Task<Result<bool>> remove_ban(limits::BanBook& book, std::string network) {
  auto canonical = network_of(network);
  if (!canonical) co_return fail(std::move(canonical.error()));
  co_return co_await book.remove(std::move(*canonical));
}

Task<Result<std::vector<limits::Ban>>> current_bans(limits::BanBook& book) {
  auto all = co_await book.list();
  if (all) std::erase_if(*all, [now = wall_now()](const limits::Ban& ban) { return ban.end <= now; });
  co_return all;
}

}  // namespace gantry::server
