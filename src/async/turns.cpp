#include "async/turns.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace gantry::async {
namespace {

/// So long the line goes on before others are asked: long beside the cost of asking, short beside what a person
/// notices.
constexpr auto at_a_time = std::chrono::milliseconds(1);

}  // namespace

asio::execution_context::id Turns::id;

Turns& Turns::of(const asio::any_io_executor& executor) {
  return asio::use_service<Turns>(asio::query(executor, asio::execution::context));
}

Task<void> Turns::wait(asio::any_io_executor executor) {
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
      [this, &executor](auto handler) { join(executor, std::move(handler)); }, asio::use_awaitable);
}

void Turns::join(const asio::any_io_executor& executor, std::move_only_function<void()> handler) {
  line_.push_back(std::move(handler));
  if (!std::exchange(serving_, true)) asio::post(executor, [this, executor] { serve(executor); });
}

void Turns::serve(const asio::any_io_executor& executor) {
  const auto end = SteadyClock::now() + at_a_time;
  do {
    auto next = std::move(line_.front());
    line_.pop_front();
    next();
  } while (!line_.empty() && SteadyClock::now() < end);
  serving_ = !line_.empty();
  if (serving_) asio::post(executor, [this, executor] { serve(executor); });
}

}  // namespace gantry::async
