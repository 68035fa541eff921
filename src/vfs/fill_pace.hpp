// How quickly a client fills the memory that its upload is given: who waits for memory behind others is decided by it.
// Must not know: budgets, clients, parts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "async/task.hpp"
#include "base/units.hpp"

namespace gantry::vfs {

class FillPace {
 public:
  /// `bytes` came; they were waited for so long, waits for memory not counted.
  void came(std::uint64_t bytes, SteadyClock::duration took) {
    bytes_ += bytes;
    took_ += took;
    if (bytes_ < remembered) return;
    bytes_ /= 2;
    took_ /= 2;
  }

  /// So many bytes are filled within a second. Nobody is believed before anything came.
  [[nodiscard]] bool quick(std::uint64_t bytes) const {
    return bytes_ > 0 &&
           std::chrono::duration<double>(took_).count() * static_cast<double>(bytes) <= static_cast<double>(bytes_);
  }

 private:
  /// A slow client that had to wait has some bytes ready afterwards: a few of such bursts must not make it a quick one.
  static constexpr std::uint64_t remembered = 4 * mib;

  std::uint64_t bytes_ = 0;
  SteadyClock::duration took_{};
};

}  // namespace gantry::vfs
