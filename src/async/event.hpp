// A condition variable for coroutines of one lane.
#pragma once

#include <boost/asio/redirect_error.hpp>

#include "async/task.hpp"

namespace gantry::async {

/// notify() wakes every coroutine that waits at that moment; nothing is remembered, so wait in a loop that
/// checks the condition. Single-threaded.
class Event {
 public:
  explicit Event(const asio::any_io_executor& executor) : timer_(executor, SteadyClock::time_point::max()) {}

  void notify() { timer_.cancel(); }

  /// Returns after notify(), or when the caller is cancelled.
  [[nodiscard]] Task<void> wait() {
    boost::system::error_code ignored;
    co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  /// Returns after notify() or at the deadline; false at the deadline.
  [[nodiscard]] Task<bool> wait_until(SteadyClock::time_point deadline);

  /// Returns after notify() only: the caller's cancellation is kept away.
  [[nodiscard]] Task<void> wait_uninterrupted();

 private:
  asio::steady_timer timer_;
};

/// Waits for `duration`. False when cancelled before.
[[nodiscard]] Task<bool> sleep_for(SteadyClock::duration duration);

}  // namespace gantry::async
