#include "http/pool.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "async/event.hpp"

namespace gantry::http {

struct Pool::Waiter {
  explicit Waiter(const asio::any_io_executor& executor) : event(executor) {}
  async::Event event;
  bool granted = false;
  std::shared_ptr<Connection> connection;  // empty: a place to open a new one
};

Lease::Lease(std::shared_ptr<Pool> pool, std::shared_ptr<Connection> connection)
    : pool_(std::move(pool)), connection_(std::move(connection)) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    close();
    pool_ = std::move(other.pool_);
    connection_ = std::move(other.connection_);
  }
  return *this;
}

Lease::~Lease() { close(); }

void Lease::recycle() {
  if (auto pool = std::exchange(pool_, nullptr)) pool->give_back(std::exchange(connection_, nullptr));
}

void Lease::close() {
  if (auto connection = std::exchange(connection_, nullptr)) connection->close();
  if (auto pool = std::exchange(pool_, nullptr)) pool->free_place();
}

void Pool::give_back(std::shared_ptr<Connection> connection) {
  connection->reused = true;
  connection->idle_since = SteadyClock::now();
  if (shut_ || !connection->quiet()) {
    connection->close();
    free_place();
    return;
  }
  if (waiters_.empty()) {
    --on_loan_;
    drop_expired();
    connection->ahead().shrink_to_fit();  // many may wait here, and for long
    idle_.push_back(std::move(connection));
    return;
  }
  waiters_.front()->connection = std::move(connection);
  free_place();
}

void Pool::free_place() {
  if (waiters_.empty()) {
    --on_loan_;
    return;
  }
  // The place passes on without becoming free, so nobody overtakes the queue.
  auto waiter = std::move(waiters_.front());
  waiters_.pop_front();
  waiter->granted = true;
  waiter->event.notify();
}

void Pool::drop_expired() {
  const auto oldest = SteadyClock::now() - options().keep_alive;
  std::erase_if(idle_, [&](const auto& connection) { return connection->idle_since < oldest; });
}

std::shared_ptr<Connection> Pool::take_idle() {
  drop_expired();
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    if (connection->quiet()) return connection;
  }
  return nullptr;
}

Task<Result<std::shared_ptr<Connection>>> Pool::wait_for_place() {
  auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
  waiters_.push_back(waiter);
  const auto deadline = SteadyClock::now() + options().stall_timeout;
  while (!waiter->granted) {
    bool in_time = true;
    const bool cancelled = co_await async::cancelled();
    if (!cancelled) in_time = co_await waiter->event.wait_until(deadline);
    if (waiter->granted) break;
    if (!cancelled && in_time) continue;
    std::erase(waiters_, waiter);
    if (cancelled) co_return fail(Errc::cancelled, "http pool");
    co_return fail(
        Errc::timed_out, "http pool",
        fmt::format("all {} connections stayed busy; raise the number of connections", options().max_connections));
  }
  co_return std::move(waiter->connection);
}

Task<Result<Lease>> Pool::acquire(Reuse reuse) {
  auto self = shared_from_this();
  std::shared_ptr<Connection> connection;
  if (reuse == Reuse::allowed) connection = take_idle();
  if (connection) {
    ++on_loan_;
    co_return Lease(self, std::move(connection));
  }
  if (on_loan_ + idle_.size() >= options().max_connections && !idle_.empty()) idle_.erase(idle_.begin());
  if (on_loan_ < options().max_connections) {
    ++on_loan_;
  } else {
    auto granted = co_await wait_for_place();
    if (!granted) co_return fail(std::move(granted.error()));
    connection = std::move(*granted);
  }
  Lease lease(self, nullptr);
  if (connection && reuse == Reuse::allowed && connection->quiet()) {
    lease.connection_ = std::move(connection);
    co_return lease;
  }
  auto opened = co_await connector_->open();
  if (!opened) co_return fail(std::move(opened.error()));
  lease.connection_ = std::move(*opened);
  co_return lease;
}

void Pool::shut() {
  shut_ = true;
  idle_.clear();
}

}  // namespace gantry::http
