#include "limits/rate_limit.hpp"

#include <algorithm>

namespace gantry::limits {
namespace {

/// What may be moved without waiting after a pause: short enough to be fair, long enough not to stutter.
constexpr auto burst = std::chrono::milliseconds(100);

}  // namespace

void RateLimiter::set_rate(std::uint64_t bytes_per_second) {
  std::lock_guard lock(mutex_);
  rate_ = bytes_per_second;
}

Milliseconds RateLimiter::reserve(std::uint64_t bytes, Time now) {
  std::lock_guard lock(mutex_);
  if (rate_ == 0) return Milliseconds::zero();
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  Nanoseconds cost(static_cast<double>(bytes) / static_cast<double>(rate_) * 1e9);
  free_at_ = std::max(free_at_, now - burst) + std::chrono::duration_cast<std::chrono::steady_clock::duration>(cost);
  return std::max(std::chrono::duration_cast<Milliseconds>(free_at_ - now), Milliseconds::zero());
}

}  // namespace gantry::limits
