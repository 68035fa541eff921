// The way out when the byte budget is full of parts that are too small to be sent. Must not know: buffers, stores.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "async/task.hpp"

namespace gantry::vfs {

/// When the budget is full of parts too small to be sent, nobody could go on. One transfer of the process at a time
/// may then exceed it until its part can go. Whoever gets no further (its client has stopped) keeps others from it
/// only so long, so the excess grows by one part in `turn` at most.
class Overdraft {
 public:
  Overdraft() = default;
  Overdraft(const Overdraft&) = delete;
  Overdraft& operator=(const Overdraft&) = delete;
  ~Overdraft() { release(); }
  /// True when this transfer may exceed the budget now.
  [[nodiscard]] bool take() {
    const std::int64_t now = SteadyClock::now().time_since_epoch().count();
    std::int64_t holder = last_taken().load();
    if (mine_ != 0 && holder == mine_) return true;
    if (holder != 0 && now - holder < SteadyClock::duration(turn).count()) return false;
    if (!last_taken().compare_exchange_strong(holder, now)) return false;
    mine_ = now;
    return true;
  }
  /// Taken and not released; another may have it meanwhile.
  [[nodiscard]] bool held() const { return mine_ != 0; }
  void release() {
    std::int64_t holder = std::exchange(mine_, 0);
    if (holder != 0) last_taken().compare_exchange_strong(holder, 0);
  }

 private:
  static constexpr auto turn = std::chrono::seconds(2);
  static std::atomic<std::int64_t>& last_taken() {
    static std::atomic<std::int64_t> when{0};
    return when;
  }
  std::int64_t mine_ = 0;
};

}  // namespace gantry::vfs
