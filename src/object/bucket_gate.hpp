// How many requests a bucket bears, at once and in a second: learned from its SlowDown, for all lanes and sessions.
// Must not know: what is asked for, retries.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "async/task.hpp"

namespace gantry::object {

/// Thread-safe. Until the store complains there is no pace and the limit is out of reach. A complaint halves what runs
/// at once and what begins in a second, or lowers that to what the store took if this is less; successes raise both
/// again slowly. After `calm` without a complaint the episode
/// is over and nothing is held back any more.
class BucketGate {
 public:
  using Time = SteadyClock::time_point;
  /// Requests at once over all lanes while the store does not complain.
  static constexpr unsigned max_concurrency = 1024;
  /// Requests a second; one prefix of a COS bucket bears 50. Faster than max_pace is no pace at all.
  static constexpr double min_pace = 10;
  static constexpr double max_pace = 5000;
  static constexpr auto calm = std::chrono::minutes(2);

  /// For the log, once; later names change nothing.
  void set_name(const std::string& bucket);

  /// Takes one of concurrency() places, or says that none is free or that it is too early for one.
  [[nodiscard]] bool try_enter(Time now = SteadyClock::now());
  /// Gives it back.
  void leave(bool success, Time now = SteadyClock::now());
  /// The store said SlowDown. Counts at most once in half a second: many requests hear it at once. The first of an
  /// episode is logged.
  void slow_down(Time now = SteadyClock::now());

  [[nodiscard]] unsigned concurrency() const;
  /// Requests a second that may begin now; max_pace: any number.
  [[nodiscard]] double pace() const;

 private:
  /// Events a second, lately: counted for windows of half a second, of which the last two are known.
  struct Meter {
    Time begin{};
    unsigned now = 0, before = 0;
    void count(Time when);
    [[nodiscard]] double rate(Time when) const;
  };
  void end_episode();

  mutable std::mutex mutex_;
  std::string name_;
  unsigned limit_ = max_concurrency;
  unsigned running_ = 0;
  unsigned successes_ = 0;  // since the limit was last changed
  double pace_ = max_pace;
  double allowance_ = 0;  // requests that may begin at once under the pace
  Time filled_{};         // when the allowance was last reckoned
  Meter started_, succeeded_;
  bool complained_ = false;
  Time last_complaint_{};
};

}  // namespace gantry::object
