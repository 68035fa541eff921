// A deadline that mostly moves on before it comes.
#pragma once

#include <memory>

#include "async/event.hpp"

namespace gantry::async {

/// Notifies an event at a time that was asked for, or earlier: whoever is woken looks whether it is time, and asks
/// again. So a deadline that is put off with every command costs no timer each time. Single-threaded. The event must
/// outlive the alarm.
class Alarm {
 public:
  explicit Alarm(const asio::any_io_executor& executor, Event& event);
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  /// Once, not later than `when`.
  void ring_by(SteadyClock::time_point when);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gantry::async
