#include "async/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace gantry::async {

Task<bool> Event::wait_until(SteadyClock::time_point deadline) {
  // notify() cancels timer_; the deadline does the same through a second timer. Its handler may already be queued
  // when the wait ends, and run when this event is gone.
  enum class Wait : std::uint8_t { going_on, expired, over };
  auto wait_state = std::make_shared<Wait>(Wait::going_on);
  asio::steady_timer limit(co_await asio::this_coro::executor, deadline);
  limit.async_wait([this, wait_state](boost::system::error_code error) {
    if (error || *wait_state == Wait::over) return;
    *wait_state = Wait::expired;
    timer_.cancel();
  });
  co_await wait();
  co_return std::exchange(*wait_state, Wait::over) != Wait::expired;
}

Task<void> Event::wait_uninterrupted() {
  boost::system::error_code ignored;
  co_await timer_.async_wait(
      asio::bind_cancellation_slot(asio::cancellation_slot(), asio::redirect_error(asio::use_awaitable, ignored)));
}

Task<bool> sleep_for(SteadyClock::duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  boost::system::error_code error;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  co_return !error;
}

}  // namespace gantry::async
