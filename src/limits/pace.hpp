// One transfer's way through all the speed limits that apply to it.
// Must not know: whose limits they are, what is transferred.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "async/task.hpp"
#include "limits/rate_limit.hpp"

namespace gantry::limits {

using RateLimiters = std::vector<std::shared_ptr<RateLimiter>>;

/// Single-threaded. Ask wait() or ready() until there is an allowance, move at most that, and spend() what was moved.
class Pace {
 public:
  explicit Pace(RateLimiters limiters);
  /// Gives back what was not spent.
  ~Pace();
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  /// Bytes that may be moved now; without any limiter there is always enough.
  [[nodiscard]] std::size_t allowance() const;
  /// Zero when there is an allowance; otherwise ask again after that time.
  [[nodiscard]] RateLimiter::Duration wait(RateLimiter::Time now);
  /// Waits for an allowance. False when cancelled.
  [[nodiscard]] Task<bool> ready();
  /// At most allowance().
  void spend(std::size_t bytes);

 private:
  struct Gate {
    std::shared_ptr<RateLimiter> limiter;
    RateLimiter::Turn current{};
    std::uint64_t left = 0;  ///< of the current turn
    /// Already in the queue while the current one is spent: a client slower than its share never waits.
    RateLimiter::Turn next{};
  };
  std::vector<Gate> gates_;
};

}  // namespace gantry::limits
