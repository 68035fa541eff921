#include "async/blocking.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>

namespace gantry::async {

BlockingPool::BlockingPool(std::size_t threads, std::size_t max_queued)
    : limit_(threads + max_queued), pool_(threads) {}

BlockingPool::~BlockingPool() { stop(); }

void BlockingPool::stop() {
  stopped_ = true;
  pool_.join();
}

bool BlockingPool::enter() {
  if (stopped_) return false;
  if (pending_.fetch_add(1) < limit_) return true;
  pending_.fetch_sub(1);
  return false;
}

void BlockingPool::leave() { pending_.fetch_sub(1); }

Task<void> BlockingPool::submit(std::function<void()> work) {
  auto initiate = [this](auto handler, std::function<void()> call) {
    // The guard keeps the lane's io_context running while the call is elsewhere.
    auto home = asio::make_work_guard(asio::get_associated_executor(handler));
    asio::post(pool_, [call = std::move(call), handler = std::move(handler), home = std::move(home)]() mutable {
      call();
      // The guard goes along: once the caller is awake its io_context may end, and this thread must not touch it.
      auto executor = home.get_executor();
      asio::post(executor, [handler = std::move(handler), home = std::move(home)]() mutable { std::move(handler)(); });
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable, std::move(work));
}

}  // namespace gantry::async
