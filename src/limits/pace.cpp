#include "limits/pace.hpp"

#include <algorithm>
#include <limits>

#include "async/event.hpp"

namespace gantry::limits {
namespace {

/// A changed limit is noticed by those who wait within this time.
constexpr auto look_again = Milliseconds(250);

}  // namespace

Pace::Pace(RateLimiters limiters) {
  for (auto& limiter : limiters) gates_.push_back({.limiter = std::move(limiter)});
}

Pace::~Pace() {
  for (const Gate& gate : gates_) {
    gate.limiter->give_back(gate.current, gate.left);
    gate.limiter->give_back(gate.next, gate.next.bytes);
  }
}

std::size_t Pace::allowance() const {
  std::uint64_t least = std::numeric_limits<std::size_t>::max();
  for (const Gate& gate : gates_) least = std::min(least, gate.left);
  return least;
}

RateLimiter::Duration Pace::wait(RateLimiter::Time now) {
  auto longest = RateLimiter::Duration::zero();
  for (Gate& gate : gates_) {
    if (gate.left > 0) continue;
    if (gate.next.bytes == 0) gate.next = gate.limiter->take_turn(now);
    const auto wait = gate.limiter->wait(gate.next, now);
    if (wait <= RateLimiter::Duration::zero()) {
      gate.current = gate.next;
      gate.left = gate.current.bytes;
      gate.next = gate.limiter->take_turn(now);
    }
    longest = std::max(longest, wait);
  }
  return longest;
}

Task<bool> Pace::ready() {
  for (;;) {
    const auto pause = wait(SteadyClock::now());
    if (pause <= RateLimiter::Duration::zero()) co_return true;
    if (!co_await async::sleep_for(std::min<RateLimiter::Duration>(pause, look_again))) co_return false;
  }
}

void Pace::spend(std::size_t bytes) {
  for (Gate& gate : gates_) gate.left -= std::min<std::uint64_t>(gate.left, bytes);
}

}  // namespace gantry::limits
