// A token bucket for transfer speeds. Thread-safe: all sessions of an account draw from one.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "base/units.hpp"

namespace gantry::limits {

class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Bytes per second; 0: no limit.
  explicit RateLimiter(std::uint64_t bytes_per_second) : rate_(bytes_per_second) {}

  /// Takes effect with the next reserve().
  void set_rate(std::uint64_t bytes_per_second);
  /// Accounts for `bytes` that were just moved; how long the caller must wait before it moves more.
  [[nodiscard]] Milliseconds reserve(std::uint64_t bytes, Time now);

 private:
  std::mutex mutex_;
  std::uint64_t rate_;
  Time free_at_{};  ///< when everything accounted for has been paid
};

}  // namespace gantry::limits
