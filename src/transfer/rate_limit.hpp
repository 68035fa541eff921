// One bandwidth limit over all transfers of the program, by the time of day.
// Must not know: connections, files.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/units.hpp"
#include "ftp/failure.hpp"

namespace gantry::transfer {

/// Bytes per second at each minute of the day; 0: no limit.
class RateSchedule {
 public:
  using Minutes = std::chrono::minutes;

  /// No limit at any time.
  RateSchedule() = default;
  /// "5MiB/s", or windows of local time, the first that fits counts:
  /// "08:00-18:00=1MiB/s,22:00-06:00=0,otherwise=5MiB/s". A window may go over midnight; without `otherwise` there is
  /// no limit outside. Why::usage with what is wrong.
  [[nodiscard]] static ftp::Outcome<RateSchedule> parse(std::string_view text);

  /// `now`: since midnight.
  [[nodiscard]] std::uint64_t rate_at(Minutes now) const;
  [[nodiscard]] bool limits() const;  ///< at any time

 private:
  struct Window {
    Minutes from{};
    Minutes to{};
    std::uint64_t rate = 0;
  };
  static ftp::Outcome<Window> parse_window(std::string_view when);

  std::vector<Window> windows_;
  std::uint64_t otherwise_ = 0;
};

/// Where a limit gets its time from.
struct RateClock {
  std::function<std::chrono::steady_clock::time_point()> now;
  std::function<std::chrono::minutes()> time_of_day;  ///< local, since midnight
  std::function<void(Milliseconds)> wait;

  [[nodiscard]] static RateClock real();
};

/// Thread-safe. Whoever comes first moves first, so transfers side by side share the rate.
class RateLimit {
 public:
  explicit RateLimit(RateSchedule schedule, RateClock clock = RateClock::real());

  /// Returns when `bytes` more may move, or soon after `stop`. What was not used is not saved up beyond a moment.
  void pace(std::size_t bytes, const std::atomic<bool>& stop);

 private:
  [[nodiscard]] std::chrono::steady_clock::time_point reserve(std::size_t bytes);

  const RateSchedule schedule_;
  const RateClock clock_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_{};  ///< when everything that was reserved has moved
};

}  // namespace gantry::transfer
