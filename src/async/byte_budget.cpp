#include "async/byte_budget.hpp"

#include <boost/asio/post.hpp>

#include <deque>
#include <mutex>

#include "async/event.hpp"

namespace gantry::async {

/// Somebody in the queue. `event` belongs to the waiter's lane and is only touched there.
struct Waiter {
  Waiter(const asio::any_io_executor& where, std::uint64_t wanted) : executor(where), event(where), bytes(wanted) {}
  asio::any_io_executor executor;
  Event event;
  std::uint64_t bytes;
  bool granted = false;  // guarded by Shared::mutex
};

struct ByteBudget::Shared {
  mutable std::mutex mutex;
  std::uint64_t used = 0;
  std::deque<std::shared_ptr<Waiter>> queue;
};

Lease::Lease(Lease&& other) noexcept : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    budget_ = std::move(other.budget_);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

Lease::~Lease() { release(); }

void Lease::release() {
  if (bytes_ > 0 && budget_) budget_->give_back(bytes_);
  bytes_ = 0;
  budget_.reset();
}

std::shared_ptr<ByteBudget> ByteBudget::create(std::uint64_t limit) {
  return std::shared_ptr<ByteBudget>(new ByteBudget(limit));
}

ByteBudget::ByteBudget(std::uint64_t limit) : limit_(limit), shared_(std::make_shared<Shared>()) {}

Lease ByteBudget::try_acquire(std::uint64_t bytes) {
  std::lock_guard lock(shared_->mutex);
  if (!shared_->queue.empty() || shared_->used + bytes > limit_) return {};
  shared_->used += bytes;
  return {shared_from_this(), bytes};
}

Lease ByteBudget::first(std::uint64_t bytes) {
  std::lock_guard lock(shared_->mutex);
  shared_->used += bytes;
  return {shared_from_this(), bytes};
}

Task<Lease> ByteBudget::acquire(std::uint64_t bytes) {
  if (Lease lease = try_acquire(bytes); lease.bytes() > 0) co_return lease;
  auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor, bytes);
  {
    std::lock_guard lock(shared_->mutex);
    shared_->queue.push_back(waiter);
  }
  give_back(0);  // room may have appeared between the try and the queue
  for (;;) {
    {
      std::lock_guard lock(shared_->mutex);
      if (waiter->granted) co_return Lease{shared_from_this(), bytes};
    }
    if (co_await cancelled()) break;
    co_await waiter->event.wait();
  }
  std::lock_guard lock(shared_->mutex);
  if (waiter->granted) co_return Lease{shared_from_this(), bytes};
  std::erase(shared_->queue, waiter);
  co_return Lease{};
}

std::uint64_t ByteBudget::used() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->used;
}

void ByteBudget::give_back(std::uint64_t bytes) {
  std::deque<std::shared_ptr<Waiter>> ready;
  {
    std::lock_guard lock(shared_->mutex);
    shared_->used -= bytes;
    while (!shared_->queue.empty() && (shared_->used == 0 || shared_->used + shared_->queue.front()->bytes <= limit_)) {
      auto waiter = shared_->queue.front();
      shared_->queue.pop_front();
      shared_->used += waiter->bytes;
      waiter->granted = true;
      ready.push_back(std::move(waiter));
    }
  }
  for (auto& waiter : ready) asio::post(waiter->executor, [waiter] { waiter->event.notify(); });
}

}  // namespace gantry::async
