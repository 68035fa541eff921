// Where every transfer is, for whoever draws it: workers write, one reader looks. Thread-safe.
// Must not know: terminals, servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/units.hpp"

namespace gantry::transfer {

enum class Phase : std::uint8_t {
  waiting,
  connecting,
  moving,   ///< bytes flow
  storing,  ///< all bytes sent; the server has not confirmed yet
  verifying,
  retrying,  ///< `note` says why and for how long
  done,
  skipped,  ///< nothing to do: `note` says why
  failed,   ///< `note` says why
};

enum class Direction : std::uint8_t { down, up, none };

/// What is known of one transfer. Bytes count the whole file: a resumed one begins at `resumed_from`.
struct Progress {
  std::string name;
  Direction direction = Direction::down;
  Phase phase = Phase::waiting;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> size{};  ///< nothing: unknown
  std::uint64_t resumed_from = 0;
  std::string note{};
  std::chrono::steady_clock::time_point began{};  ///< of the first byte moved
};

class Board {
 public:
  using Id = std::size_t;

  Id add(std::string name, Direction direction, std::optional<std::uint64_t> size = {});
  void phase(Id id, Phase phase, std::string note = {});
  /// Begins (again) at `offset` of `size`; what was counted before is forgotten.
  void start(Id id, std::uint64_t offset, std::optional<std::uint64_t> size);
  void moved(Id id, std::uint64_t bytes);

  [[nodiscard]] std::vector<Progress> snapshot() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Progress> transfers_;
};

}  // namespace gantry::transfer
