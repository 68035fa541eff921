#include "limits/rate_limit.hpp"

#include <algorithm>

namespace gantry::limits {
namespace {

/// What may be moved without waiting after a pause: short enough to be fair, long enough not to stutter.
constexpr double burst_seconds = 0.1;
/// And at least one buffer, or slow limits would wait after every few bytes.
constexpr double least_burst_bytes = 64.0 * kib;
/// No debt is longer, whatever is reserved at whatever rate.
constexpr double longest_debt_seconds = 3600;

std::chrono::steady_clock::duration to_clock(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(std::min(seconds, longest_debt_seconds)));
}

}  // namespace

void RateLimiter::set_rate(std::uint64_t bytes_per_second) {
  std::lock_guard lock(mutex_);
  rate_ = bytes_per_second;
}

Milliseconds RateLimiter::reserve(std::uint64_t bytes, Time now) {
  std::lock_guard lock(mutex_);
  if (rate_ == 0) return Milliseconds::zero();
  const auto rate = static_cast<double>(rate_);
  const auto burst = to_clock(std::max(burst_seconds, least_burst_bytes / rate));
  free_at_ = std::max(free_at_, now - burst) + to_clock(static_cast<double>(bytes) / rate);
  free_at_ = std::min(free_at_, now + to_clock(longest_debt_seconds));
  return std::max(std::chrono::duration_cast<Milliseconds>(free_at_ - now), Milliseconds::zero());
}

}  // namespace gantry::limits
