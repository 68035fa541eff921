// A token bucket for transfer speeds, with a queue: who wants to move bytes takes a turn, and turns come in the order
// they were taken, all of the same size. So sessions that share a limit get equal shares, whatever their clients do.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "base/units.hpp"

namespace gantry::limits {

class RateLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  /// A turn is worth about 8 ms, within these bounds: less would be all timers and system calls, more would stutter.
  static constexpr std::uint64_t smallest_turn = 2 * kib;
  static constexpr std::uint64_t largest_turn = 1 * mib;

  /// The right to move so many bytes once wait() says so.
  struct Turn {
    std::uint64_t bytes = 0;  ///< 0: none
    double end = 0;           ///< due when so many bytes have been earned
    unsigned queue = 0;       ///< a new rate begins a new queue
  };

  /// Bytes per second; 0: no limit. Saves nothing up before the first turn.
  explicit RateLimiter(std::uint64_t bytes_per_second = 0) : rate_(bytes_per_second) {}

  /// Counts at once: turns that wait are put in line anew, with the sizes of the new rate.
  void set_rate(std::uint64_t bytes_per_second, Time now);
  [[nodiscard]] std::uint64_t rate() const;
  /// The next place in the queue.
  [[nodiscard]] Turn take_turn(Time now);
  /// How long until the turn is due. Shorter or longer after set_rate(), which may change the turn: whoever waits for
  /// long asks again.
  [[nodiscard]] Duration wait(Turn& turn, Time now);
  /// What was left of a turn, due or not, when it was no longer needed.
  void give_back(const Turn& turn, std::uint64_t bytes);

 private:
  void earn(Time now);
  Turn enqueue();

  mutable std::mutex mutex_;
  std::uint64_t rate_;
  unsigned queue_ = 0;
  double earned_ = 0;  ///< bytes that may have moved since the beginning
  double sold_ = 0;    ///< bytes of all turns, past and waiting
  Time last_{};
};

}  // namespace gantry::limits
