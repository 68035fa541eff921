#include "async/alarm.hpp"

namespace gantry::async {

struct Alarm::State {
  State(const asio::any_io_executor& executor, Event& to_notify) : timer(executor), event(&to_notify) {}

  asio::steady_timer timer;
  Event* event;  // null once the alarm is gone
  SteadyClock::time_point set = SteadyClock::time_point::max();
};

Alarm::Alarm(const asio::any_io_executor& executor, Event& event) : state_(std::make_shared<State>(executor, event)) {}

Alarm::~Alarm() {
  state_->event = nullptr;
  state_->timer.cancel();
}

void Alarm::ring_by(SteadyClock::time_point when) {
  if (when >= state_->set) return;
  state_->set = when;
  state_->timer.expires_at(when);
  state_->timer.async_wait([state = state_](boost::system::error_code error) {
    if (error || state->event == nullptr) return;
    state->set = SteadyClock::time_point::max();
    state->event->notify();
  });
}

}  // namespace gantry::async
