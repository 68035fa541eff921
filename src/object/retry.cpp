#include "object/retry.hpp"

#include <algorithm>
#include <random>

#include "base/log.hpp"

namespace gantry::object {
namespace {

std::int64_t random_up_to(std::int64_t limit) {
  thread_local std::minstd_rand source{std::random_device{}()};
  return std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(limit, 0))(source);
}

}  // namespace

WallTime SharedStoreState::now() const { return wall_now() + clock_offset(); }

void SharedStoreState::set_server_time(WallTime server) {
  std::lock_guard lock(mutex_);
  offset_ = std::chrono::duration_cast<Milliseconds>(server - wall_now());
}

void SharedStoreState::learn_crc32c(bool proved) {
  if (!proved) {
    proves_crc32c_ = ProvesCrc32c::no;
    return;
  }
  ProvesCrc32c known = ProvesCrc32c::unknown;
  proves_crc32c_.compare_exchange_strong(known, ProvesCrc32c::yes);
}

Milliseconds SharedStoreState::clock_offset() const {
  std::lock_guard lock(mutex_);
  return offset_;
}

std::string SharedStoreState::region() const {
  std::lock_guard lock(mutex_);
  return region_;
}

bool SharedStoreState::set_region(const std::string& region) {
  std::lock_guard lock(mutex_);
  if (region_ == region) return false;
  region_ = region;
  return true;
}

RetryPlan::RetryPlan(RetryContext context)
    : context_(std::move(context)), deadline_(SteadyClock::now() + context_.options.deadline) {}

Task<Result<void>> RetryPlan::enter() {
  for (;;) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, context_.operation);
    if (context_.shared->gate().try_enter()) co_return Result<void>();
    if (SteadyClock::now() >= deadline_)
      co_return fail(Errc::throttled, context_.operation, "no request may begin: the store asked to slow down");
    // The limit spans lanes, so nobody here can be told when a place is free; a short random pause shares fairly.
    co_await async::sleep_for(std::chrono::milliseconds(5 + random_up_to(20)));
  }
}

Task<bool> RetryPlan::allowed(const Failure& failure) {
  auto once = [](bool& done) { return !std::exchange(done, true); };
  bool* repaired = nullptr;
  switch (failure.remedy) {
    case Remedy::none:
      co_return false;
    case Remedy::retry:
      co_return true;
    case Remedy::retry_once:
      co_return once(damaged_);
    case Remedy::fix_clock:
      repaired = &clock_fixed_;
      break;
    case Remedy::fix_region:
      repaired = &region_fixed_;
      break;
    case Remedy::fix_credentials:
      if (++keys_fixed_ > 2) co_return false;
      break;
  }
  if ((repaired != nullptr && !once(*repaired)) || !context_.repair) co_return false;
  co_return co_await context_.repair(failure);
}

Task<std::optional<SteadyClock::duration>> RetryPlan::next(const Failure& failure) {
  ++tries_;
  if (failure.throttled) context_.shared->gate().slow_down();
  if (tries_ >= context_.options.max_tries || !co_await allowed(failure)) co_return std::nullopt;
  SteadyClock::duration delay{0};
  if (failure.remedy == Remedy::retry || failure.remedy == Remedy::retry_once) {
    auto longest =
        std::min(context_.options.max_delay, context_.options.base_delay * (1U << std::min(tries_ - 1, 20U)));
    delay = SteadyClock::duration(random_up_to(longest.count()));
    if (failure.retry_after) delay = std::max(delay, *failure.retry_after);
  }
  if (SteadyClock::now() + delay > deadline_) co_return std::nullopt;
  log::debug("store retry", {{"operation", context_.operation}, {"try", tries_}, {"error", failure.error.text()}});
  co_return delay;
}

}  // namespace gantry::object
