#include "async/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/redirect_error.hpp>

#include <memory>

namespace gantry::async {

Task<bool> Event::wait_until(SteadyClock::time_point deadline) {
  // notify() cancels timer_; the deadline does the same through a second timer that outlives neither wait.
  auto expired = std::make_shared<bool>(false);
  asio::steady_timer limit(co_await asio::this_coro::executor, deadline);
  limit.async_wait([this, expired](boost::system::error_code error) {
    if (error) return;
    *expired = true;
    timer_.cancel();
  });
  co_await wait();
  limit.cancel();
  co_return !*expired;
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
