// Where every transfer is, for whoever draws it: workers write, one reader looks. What has ended is counted and no
// longer kept, so that trees of any size can pass. Thread-safe; no call takes longer with more transfers.
// Must not know: terminals, servers.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
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
  done,      ///< `note` says how it was proved
  skipped,   ///< nothing to do: `note` says why
  failed,    ///< `note` says why
};

enum class Direction : std::uint8_t { down, up, none };

using Clock = std::chrono::steady_clock;

/// What is known of one transfer. Bytes count the whole file: a resumed one begins at `resumed_from`.
struct Progress {
  std::size_t id = 0;
  std::string name;
  Direction direction = Direction::down;
  Phase phase = Phase::waiting;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> size{};  ///< nothing: unknown
  std::uint64_t resumed_from = 0;
  std::uint64_t moved = 0;  ///< over the network, all tries together
  std::string note{};
  Clock::time_point began{};  ///< of the first byte moved
  Clock::time_point ended{};
};

/// Over all transfers since the last clear().
struct Totals {
  std::uint64_t files = 0;  ///< known of: ended, running and to come
  std::uint64_t done = 0;
  std::uint64_t skipped = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;              ///< what is there of all files, resumed beginnings included
  std::optional<std::uint64_t> size{};  ///< of all files but what was skipped or failed; nothing: one is unknown
  std::uint64_t moved = 0;              ///< over the network
  bool more = false;                    ///< nobody knows yet how many there will be; `size` is nothing then

  [[nodiscard]] std::uint64_t ended() const { return done + skipped + failed; }
  bool operator==(const Totals&) const = default;
};

struct View {
  Totals totals;
  std::vector<Progress> running;  ///< begun and not ended, in the order of add()
  std::vector<Progress> ended;    ///< since the last look; only when somebody watches
};

class Board {
 public:
  using Id = std::size_t;

  /// Whether files may come that have not been added: what is known then is no total. clear() says no.
  void more_to_come(bool more);
  /// A file that will be transferred, now or later; the totals know of it from now on.
  Id add(std::string name, Direction direction, std::optional<std::uint64_t> size = {});
  /// After done, skipped or failed the id means nothing any more, and calls with it do nothing.
  void phase(Id id, Phase phase, std::string note = {});
  /// Begins (again) at `offset` of `size`; what was counted before is forgotten, but for `moved`.
  void start(Id id, std::uint64_t offset, std::optional<std::uint64_t> size);
  void moved(Id id, std::uint64_t bytes);

  /// Whether what ends is kept for the next look().
  void watch(bool watched);
  [[nodiscard]] View look();
  [[nodiscard]] Totals totals() const;
  /// Everything that failed, for the summary.
  [[nodiscard]] std::vector<Progress> failures() const;
  /// Forgets everything: the next verb begins with its own totals. Nothing may be running.
  void clear();

 private:
  Progress* begun(Id id);
  void resize(Progress& transfer, std::optional<std::uint64_t> size);
  void rewind(Progress& transfer, std::uint64_t bytes);
  void end(Progress& transfer);
  [[nodiscard]] Totals sum() const;

  mutable std::mutex mutex_;
  Id next_ = 0;
  std::map<Id, Progress> waiting_;
  std::map<Id, Progress> running_;
  std::vector<Progress> ended_;
  std::vector<Progress> failures_;
  bool watched_ = false;
  Totals counted_;              ///< `files`: added; `size`: unused
  std::uint64_t sizes_ = 0;     ///< of all added, where known
  std::uint64_t unknown_ = 0;   ///< those whose size is not
  std::uint64_t left_out_ = 0;  ///< of `sizes_`: what skipped and failed ones will never have
};

}  // namespace gantry::transfer
