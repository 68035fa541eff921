// How many parts of one upload are on their way to the store at once: as many as the setting says at first, more while
// they take no longer for it. A store that gives each connection so much, or is far away, then gets what the client can
// send; one that is busy is left as it is.
// Must not know: parts, stores, bytes in memory.
#pragma once

#include <algorithm>
#include <cstdint>

#include "async/task.hpp"

namespace gantry::vfs {

class PartWindow {
 public:
  /// So many times the first width at most.
  static constexpr unsigned growth = 3;

  explicit PartWindow(unsigned first) : first_(first), width_(first) {}

  [[nodiscard]] unsigned width() const { return width_; }

  /// For who takes parts in their order. Those that were asked for together come together: when the first of them had
  /// to be waited for, all came late. Asked once for each part.
  [[nodiscard]] bool came_late(bool waited) {
    if (waited) late_ = width_;
    if (late_ == 0) return false;
    --late_;
    return true;
  }

  /// A part of `bytes` was acknowledged after so long. `wanted`: another part waits for its place, and there is memory
  /// for more.
  void acknowledged(std::uint64_t bytes, SteadyClock::duration took, bool wanted) {
    const double pace =
        std::chrono::duration<double>(took).count() / static_cast<double>(std::max<std::uint64_t>(bytes, 1));
    best_ = best_ == 0 ? pace : std::min(best_, pace);
    recent_ = recent_ == 0 ? pace : recent_ + (pace - recent_) / 4;
    if (wanted && std::max(recent_, pace) <= best_ * no_longer && width_ < first_ * growth) ++width_;
    if (recent_ > best_ * much_longer && width_ > first_) --width_;
  }

 private:
  /// Times differ by so much on a store that is not busy; beyond the second the parts wait for each other.
  static constexpr double no_longer = 1.5;
  static constexpr double much_longer = 2.5;

  unsigned first_;
  unsigned width_;
  unsigned late_ = 0;  // so many to come were asked for with one that was waited for
  double best_ = 0;    // seconds a byte
  double recent_ = 0;  // the same, smoothed
};

}  // namespace gantry::vfs
