// A limit on waiting: calls back once when too much time passes without a sign of life.
#pragma once

#include <functional>
#include <memory>

#include "async/task.hpp"

namespace gantry::async {

/// Arms at construction. touch() costs one store, so it may be called for every block of a transfer: one timer
/// checks the time of the last touch. After expiry `on_expire` has been called once and expired() is true.
/// Destroying it disarms. Single-threaded. `on_expire` typically cancels or closes a socket.
class Watchdog {
 public:
  Watchdog(const asio::any_io_executor& executor, SteadyClock::duration limit, std::function<void()> on_expire);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void touch();
  /// Until touch() no time counts.
  void rest();
  /// Changes the limit, counted from now.
  void restart(SteadyClock::duration limit);
  void disarm();
  [[nodiscard]] bool expired() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gantry::async
