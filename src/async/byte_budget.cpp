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
  Waiter(const asio::any_io_executor& where, std::uint64_t wanted, Return when)
      : executor(where), event(where), bytes(wanted), kind(when) {}
  asio::any_io_executor executor;
  Event event;
  std::uint64_t bytes;
  Return kind;
  bool granted = false;  // guarded by Shared::mutex
};

/// Those who say the same of their return.
struct Kind {
  std::uint64_t used = 0;
  std::uint64_t times_returned = 0;
  std::deque<std::shared_ptr<Waiter>> queue;
};

struct ByteBudget::Shared {
  mutable std::mutex mutex;
  Kind soon;
  Kind late;
  std::vector<Block> kept;  // the last one first: its memory may still be in a cache

  /// What is kept never stands in the way of what is used.
  void use(Kind& kind, std::uint64_t bytes, std::uint64_t limit) {
    kind.used += bytes;
    while (!kept.empty() && used() + kept.size() * ByteBudget::usual_block > limit + ByteBudget::usual_block)
      kept.pop_back();
  }
  [[nodiscard]] Kind& of(Return when) { return when == Return::soon ? soon : late; }
  [[nodiscard]] std::uint64_t used() const { return soon.used + late.used; }
  /// Nobody who waits is asked here, but for those of the other kind: they are left their part.
  [[nodiscard]] bool fits(std::uint64_t bytes, Return when, std::uint64_t limit) const {
    if (used() == 0) return true;
    if (used() + bytes > limit) return false;
    const std::uint64_t quick = limit / 4;
    if (when == Return::late) return late.used + bytes <= limit - quick;
    return late.queue.empty() || soon.used + bytes <= quick;
  }
};

Lease::Lease(Lease&& other) noexcept
    : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)), return_(other.return_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    budget_ = std::move(other.budget_);
    bytes_ = std::exchange(other.bytes_, 0);
    return_ = other.return_;
  }
  return *this;
}

Lease::~Lease() { release(); }

void Lease::release() {
  if (bytes_ > 0 && budget_) budget_->give_back(bytes_, return_);
  bytes_ = 0;
  budget_.reset();
}

Lease Lease::split(std::uint64_t bytes) {
  bytes = std::min(bytes, bytes_);
  bytes_ -= bytes;
  return {budget_, bytes, return_};
}

void Lease::comes_late() {
  if (bytes_ > 0 && return_ == Return::soon) budget_->comes_late(bytes_);
  return_ = Return::late;
}

std::shared_ptr<ByteBudget> ByteBudget::create(std::uint64_t limit) {
  return std::shared_ptr<ByteBudget>(new ByteBudget(limit));
}

ByteBudget::ByteBudget(std::uint64_t limit) : limit_(limit), shared_(std::make_shared<Shared>()) {}

Lease ByteBudget::try_acquire(std::uint64_t bytes, Return when) {
  std::lock_guard lock(shared_->mutex);
  Kind& mine = shared_->of(when);
  if (!mine.queue.empty() || bytes > limit_ || !shared_->fits(bytes, when, limit_)) return {};
  shared_->use(mine, bytes, limit_);
  return {shared_from_this(), bytes, when};
}

Lease ByteBudget::first(std::uint64_t bytes) {
  std::lock_guard lock(shared_->mutex);
  shared_->use(shared_->late, bytes, limit_);
  return {shared_from_this(), bytes, Return::late};
}

/// A place in the queue. Left when the wait ends in any way, also when its lane is torn down.
struct ByteBudget::Place {
  Place(ByteBudget& from, std::shared_ptr<Waiter> who) : budget(from.shared_from_this()), waiter(std::move(who)) {
    std::lock_guard lock(budget->shared_->mutex);
    budget->shared_->of(waiter->kind).queue.push_back(waiter);
  }
  ~Place() {
    std::uint64_t unused = 0;
    {
      std::lock_guard lock(budget->shared_->mutex);
      if (waiter->granted && !taken) unused = waiter->bytes;
      if (!waiter->granted) std::erase(budget->shared_->of(waiter->kind).queue, waiter);
    }
    // Whoever stood behind may fit where this one did not.
    if (!taken) budget->give_back(unused, waiter->kind);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  [[nodiscard]] Lease take() {
    std::lock_guard lock(budget->shared_->mutex);
    if (!waiter->granted) return {};
    taken = true;
    return {budget, waiter->bytes, waiter->kind};
  }

  std::shared_ptr<ByteBudget> budget;
  std::shared_ptr<Waiter> waiter;
  bool taken = false;
};

Task<Lease> ByteBudget::acquire(std::uint64_t bytes, Return when) {
  if (bytes == 0) co_return Lease{};
  if (Lease lease = try_acquire(bytes, when); lease.bytes() > 0) co_return lease;
  Place place(*this, std::make_shared<Waiter>(co_await asio::this_coro::executor, bytes, when));
  give_back(0, when);  // room may have appeared between the try and the queue
  for (;;) {
    if (Lease lease = place.take(); lease.bytes() > 0) co_return lease;
    if (co_await cancelled()) co_return Lease{};
    co_await place.waiter->event.wait();
  }
}

std::uint64_t ByteBudget::used() const {
  std::lock_guard lock(shared_->mutex);
  return shared_->used();
}

std::uint64_t ByteBudget::times_returned(Return when) const {
  std::lock_guard lock(shared_->mutex);
  return shared_->of(when).times_returned;
}

void ByteBudget::comes_late(std::uint64_t bytes) {
  std::lock_guard lock(shared_->mutex);
  shared_->soon.used -= bytes;
  shared_->late.used += bytes;
  serve();
}

Block ByteBudget::take_kept() {
  std::lock_guard lock(shared_->mutex);
  if (shared_->kept.empty()) return {};
  auto block = std::move(shared_->kept.back());
  shared_->kept.pop_back();
  return block;
}

void ByteBudget::keep(Block block) {
  std::lock_guard lock(shared_->mutex);
  const std::uint64_t room = std::min<std::uint64_t>(most_kept, limit_ / 8);
  const std::uint64_t kept = (shared_->kept.size() + 1) * usual_block;
  // The lease of this block has not ended yet.
  if (kept <= room && shared_->used() + kept <= limit_ + usual_block) shared_->kept.push_back(std::move(block));
}

void ByteBudget::give_back(std::uint64_t bytes, Return when) {
  std::lock_guard lock(shared_->mutex);
  shared_->of(when).used -= bytes;
  if (bytes > 0) ++shared_->of(when).times_returned;
  serve();
}

/// The mutex is held.
void ByteBudget::serve() {
  for (Kind* kind : {&shared_->soon, &shared_->late}) {
    while (!kind->queue.empty() && shared_->fits(kind->queue.front()->bytes, kind->queue.front()->kind, limit_)) {
      auto waiter = kind->queue.front();
      kind->queue.pop_front();
      shared_->use(*kind, waiter->bytes, limit_);
      waiter->granted = true;
      // Within the lock: without it the waiter cannot leave, so its lane is there to be told, and the last reference to
      // its event is dropped there and not here.
      asio::post(waiter->executor, [waiter] { waiter->event.notify(); });
    }
  }
}

}  // namespace gantry::async
