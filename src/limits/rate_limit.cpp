#include "limits/rate_limit.hpp"

#include <algorithm>

namespace gantry::limits {
namespace {

/// How much time without moving may be made up for: what a busy machine's timers are late by, and no more, because
/// after a pause it is a burst above the rate.
constexpr double burst_seconds = 0.2;
/// Turns a second.
constexpr std::uint64_t pulse = 128;
/// No wait is longer, whatever the rate; long waits are asked about again anyway.
constexpr double longest_wait_seconds = 3600;
/// Rounding must not make anybody wait for the rest of a byte.
constexpr double nearly = 0.5;

}  // namespace

void RateLimiter::earn(Time now) {
  if (last_ == Time{}) last_ = now;
  if (rate_ == 0) {
    earned_ = sold_;
  } else if (now > last_) {
    const auto rate = static_cast<double>(rate_);
    earned_ += rate * std::chrono::duration<double>(now - last_).count();
    earned_ = std::min(earned_, sold_ + rate * burst_seconds);
  }
  last_ = std::max(last_, now);
}

void RateLimiter::set_rate(std::uint64_t bytes_per_second, Time now) {
  const std::lock_guard lock(mutex_);
  if (bytes_per_second == rate_) return;
  earn(now);
  rate_ = bytes_per_second;
  sold_ = earned_;
  ++queue_;
}

std::uint64_t RateLimiter::rate() const {
  const std::lock_guard lock(mutex_);
  return rate_;
}

RateLimiter::Turn RateLimiter::enqueue() {
  Turn turn;
  turn.bytes = rate_ == 0 ? largest_turn : std::clamp(rate_ / pulse, smallest_turn, largest_turn);
  sold_ += static_cast<double>(turn.bytes);
  turn.end = sold_;
  turn.queue = queue_;
  return turn;
}

RateLimiter::Turn RateLimiter::take_turn(Time now) {
  const std::lock_guard lock(mutex_);
  earn(now);
  return enqueue();
}

RateLimiter::Duration RateLimiter::wait(Turn& turn, Time now) {
  const std::lock_guard lock(mutex_);
  earn(now);
  if (turn.queue != queue_) turn = enqueue();
  const double missing = turn.end - earned_;
  if (rate_ == 0 || missing < nearly) return Duration::zero();
  const double seconds = std::min(missing / static_cast<double>(rate_), longest_wait_seconds);
  return std::chrono::ceil<Duration>(std::chrono::duration<double>(seconds));
}

void RateLimiter::give_back(const Turn& turn, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (turn.queue == queue_) sold_ -= static_cast<double>(bytes);
}

}  // namespace gantry::limits
