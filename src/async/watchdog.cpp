#include "async/watchdog.hpp"

#include <algorithm>
#include <chrono>

namespace gantry::async {
namespace {

/// "No limit" is often written as the largest duration, which cannot be added to a time.
SteadyClock::duration bounded(SteadyClock::duration limit) {
  return std::min<SteadyClock::duration>(limit, std::chrono::years(10));
}

}  // namespace

struct Watchdog::State : std::enable_shared_from_this<Watchdog::State> {
  State(const asio::any_io_executor& executor, SteadyClock::duration duration, std::function<void()> callback)
      : timer(executor), limit(bounded(duration)), on_expire(std::move(callback)), last(SteadyClock::now()) {}

  void wait() {
    timer.expires_at(last + limit);
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || !self->armed) return;
      if (self->resting) self->last = SteadyClock::now();
      if (SteadyClock::now() < self->last + self->limit) {
        self->wait();
        return;
      }
      self->armed = false;
      self->expired = true;
      self->on_expire();
    });
  }

  asio::steady_timer timer;
  SteadyClock::duration limit;
  std::function<void()> on_expire;
  SteadyClock::time_point last;
  bool armed = true;
  bool resting = false;
  bool expired = false;
};

Watchdog::Watchdog(const asio::any_io_executor& executor, SteadyClock::duration limit, std::function<void()> on_expire)
    : state_(std::make_shared<State>(executor, limit, std::move(on_expire))) {
  state_->wait();
}

Watchdog::~Watchdog() { disarm(); }

void Watchdog::touch() {
  state_->last = SteadyClock::now();
  state_->resting = false;
}

void Watchdog::rest() { state_->resting = true; }

void Watchdog::restart(SteadyClock::duration limit) {
  state_->limit = bounded(limit);
  state_->last = SteadyClock::now();
  if (state_->armed) state_->wait();
}

void Watchdog::disarm() {
  state_->armed = false;
  state_->timer.cancel();
}

bool Watchdog::expired() const { return state_->expired; }

}  // namespace gantry::async
