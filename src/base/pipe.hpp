// A kernel pipe: bytes go through it from one descriptor to another by splice(2), not through this program's memory.
#pragma once

#include <cstddef>
#include <memory>

#include "base/descriptor.hpp"

namespace gantry {

class Pipe {
 public:
  /// What it takes at once, bytes.
  static constexpr std::size_t room = std::size_t{512} * 1024;
  /// So many at a time, of all threads: their descriptors and pages are nobody else's.
  static constexpr int most = 64;

  /// Neither end ever waits. Null when there are so many already, when the system gives none of that size, or forbids
  /// splice(): then bytes can be copied as well.
  [[nodiscard]] static std::unique_ptr<Pipe> make();
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int in() const { return in_.number(); }
  [[nodiscard]] int out() const { return out_.number(); }

 private:
  Pipe() = default;
  [[nodiscard]] bool open();

  Descriptor in_;
  Descriptor out_;
};

}  // namespace gantry
