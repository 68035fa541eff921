#include "async/byte_budget.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <deque>
#include <mutex>
#include <vector>

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
  std::vector<std::unique_ptr<std::byte[]>> kept;  // the last one first: its memory may still be in a cache
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

/// A place in the queue. Left when the wait ends in any way, also when its lane is torn down.
struct ByteBudget::Place {
  Place(ByteBudget& from, std::shared_ptr<Waiter> who) : budget(from.shared_from_this()), waiter(std::move(who)) {
    std::lock_guard lock(budget->shared_->mutex);
    budget->shared_->queue.push_back(waiter);
  }
  ~Place() {
    std::uint64_t unused = 0;
    {
      std::lock_guard lock(budget->shared_->mutex);
      if (waiter->granted && !taken) unused = waiter->bytes;
      if (!waiter->granted) std::erase(budget->shared_->queue, waiter);
    }
    // Whoever stood behind may fit where this one did not.
    if (!taken) budget->give_back(unused);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  [[nodiscard]] Lease take() {
    std::lock_guard lock(budget->shared_->mutex);
    if (!waiter->granted) return {};
    taken = true;
    return {budget, waiter->bytes};
  }

  std::shared_ptr<ByteBudget> budget;
  std::shared_ptr<Waiter> waiter;
  bool taken = false;
};

Task<Lease> ByteBudget::acquire(std::uint64_t bytes) {
  if (bytes == 0) co_return Lease{};
  if (Lease lease = try_acquire(bytes); lease.bytes() > 0) co_return lease;
  Place place(*this, std::make_shared<Waiter>(co_await asio::this_coro::executor, bytes));
  give_back(0);  // room may have appeared between the try and the queue
  for (;;) {
    if (Lease lease = place.take(); lease.bytes() > 0) co_return lease;
    if (co_await cancelled()) co_return Lease{};
    co_await place.waiter->event.wait();
  }
}

std::uint64_t ByteBudget::used() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->used;
}

std::unique_ptr<std::byte[]> ByteBudget::take_kept() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->kept.empty()) return nullptr;
  auto block = std::move(shared_->kept.back());
  shared_->kept.pop_back();
  return block;
}

void ByteBudget::keep(std::unique_ptr<std::byte[]> block) {
  std::lock_guard lock(shared_->mutex);
  const std::uint64_t room = std::min<std::uint64_t>(most_kept, limit_ / 8);
  if ((shared_->kept.size() + 1) * usual_block <= room) shared_->kept.push_back(std::move(block));
}

void ByteBudget::give_back(std::uint64_t bytes) {
  std::lock_guard lock(shared_->mutex);
  shared_->used -= bytes;
  while (!shared_->queue.empty() && (shared_->used == 0 || shared_->used + shared_->queue.front()->bytes <= limit_)) {
    auto waiter = shared_->queue.front();
    shared_->queue.pop_front();
    shared_->used += waiter->bytes;
    waiter->granted = true;
    // Within the lock: without it the waiter cannot leave, so its lane is there to be told, and the last reference to
    // its event is dropped there and not here.
    asio::post(waiter->executor, [waiter] { waiter->event.notify(); });
  }
}

}  // namespace gantry::async
