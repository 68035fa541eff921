// How many bytes of an upload may be on their way to the store at once, so that the wait between the client's last byte
// and the reply stays short: clients give up after 20 to 60 seconds of silence.
// Must not know: parts, stores.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "async/task.hpp"
#include "base/units.hpp"

namespace gantry::vfs {

class FlushWindow {
 public:
  using Time = SteadyClock::time_point;

  /// What is on its way and the piece that is being filled behind it must arrive within this, at the rate the store
  /// was seen to take it.
  static constexpr std::chrono::seconds patience{10};
  /// While the rate is not known, and of a store that does not take more in a second. Two pieces may always be more.
  static constexpr std::uint64_t usual = 64 * mib;
  /// Of one that does.
  static constexpr std::uint64_t most = 128 * mib;

  /// May `bytes` more go out? The first piece always may; two may unless the store is seen to be slow.
  [[nodiscard]] bool admits(std::uint64_t bytes) const {
    if (on_the_way_ == 0) return true;
    const std::uint64_t of_fast = std::min(most, within(std::chrono::seconds(1)));
    if (on_the_way_ + bytes > std::max({usual, 2 * bytes, of_fast})) return false;
    return rate_ <= 0 || on_the_way_ + 2 * bytes <= within(patience);
  }

  /// 0 bytes: something that the store does by itself.
  void sent(std::uint64_t bytes, Time now) {
    if (bytes == 0) return;
    if (on_the_way_ == 0) {
      busy_since_ = now;
      arrived_ = 0;
    }
    on_the_way_ += bytes;
  }

  /// Acknowledged or failed: no longer on the way.
  void ended(std::uint64_t bytes, Time now) {
    on_the_way_ -= bytes;
    arrived_ += bytes;
    const double seconds = std::chrono::duration<double>(now - busy_since_).count();
    if (seconds > 0) rate_ = static_cast<double>(arrived_) / seconds;
  }

  [[nodiscard]] std::uint64_t on_the_way() const { return on_the_way_; }

 private:
  /// Bytes that the store was seen to take in so long; 0 while nobody knows.
  [[nodiscard]] std::uint64_t within(std::chrono::seconds time) const {
    constexpr double beyond_any_limit = 1e15;
    return static_cast<std::uint64_t>(std::min(rate_ * static_cast<double>(time.count()), beyond_any_limit));
  }

  std::uint64_t on_the_way_ = 0;
  std::uint64_t arrived_ = 0;  // since the store began to be busy with this upload
  Time busy_since_{};
  double rate_ = 0;  // bytes a second
};

}  // namespace gantry::vfs
