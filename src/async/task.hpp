// The coroutine vocabulary of the program: Task<T>, the socket types and cancellation rules.
// A Task runs on one lane and is never detached: whoever starts one joins it (async/child.hpp).
// Roots set throw_if_cancelled(false), so a cancelled operation shows as Errc::cancelled, not as an exception.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gantry {

namespace asio = boost::asio;

template <class T>
using Task = asio::awaitable<T>;

using Tcp = asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

namespace async {

/// True once somebody asked the running child to stop. A long loop asks between its steps, because a
/// request that arrives while nothing waits is not delivered to the next wait.
[[nodiscard]] inline Task<bool> cancelled() {
  auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

/// From here on the running child cannot be cancelled: for cleanup and for the decision about an upload.
[[nodiscard]] inline Task<void> shield() {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
}

}  // namespace async
}  // namespace gantry
