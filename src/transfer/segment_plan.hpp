// Which stretches of one file are there, which are being moved, and who takes which next. Thread-safe.
// Must not know: connections, files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.hpp"

namespace gantry::transfer {

/// A stretch that is there.
struct Run {
  std::uint64_t from = 0;
  std::uint64_t end = 0;
  std::uint64_t crc = 0;  ///< CRC-64/XZ of its bytes

  bool operator==(const Run&) const = default;
};

class SegmentPlan {
 public:
  /// Less is not shared: a further connection costs more than it brings.
  static constexpr std::uint64_t least_share = 4 * mib;

  /// A file of `size` bytes of which `there` is there (in order, apart), in at least `pieces` stretches where that
  /// leaves each of them enough.
  SegmentPlan(std::uint64_t size, const std::vector<Run>& there, unsigned pieces);

  /// A stretch for one mover. Whoever takes it later may be given the second half of what is left of this one.
  struct Claim {
    std::uint64_t id = 0;
    std::uint64_t from = 0;
    std::uint64_t end = 0;
    std::uint64_t crc = 0;  ///< of what is there of this stretch before `from`
  };
  /// Nothing when all is there, or being moved and too little to be shared.
  [[nodiscard]] std::optional<Claim> take();
  /// How many of the next `bytes` still belong to the claim; 0: others move the rest. At most a MiB at once.
  [[nodiscard]] std::size_t room(std::uint64_t id, std::size_t bytes) const;
  /// So many more are there (at most what room() said); `crc` is that of the whole stretch so far.
  void moved(std::uint64_t id, std::size_t bytes, std::uint64_t crc);
  /// The mover goes; what is left waits for another one.
  void leave(std::uint64_t id);

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t bytes() const;  ///< that are there
  [[nodiscard]] bool complete() const { return bytes() == size_; }
  /// What is there, neighbours joined.
  [[nodiscard]] std::vector<Run> runs() const;

 private:
  struct Piece {
    std::uint64_t position = 0;  ///< what is before it is there
    std::uint64_t end = 0;
    std::uint64_t crc = 0;
    bool taken = false;

    [[nodiscard]] std::uint64_t left() const { return end - position; }
  };
  using Pieces = std::map<std::uint64_t, Piece>;  ///< by where they begin; they cover the file

  Pieces::iterator largest(bool taken);
  Pieces::iterator split(Pieces::iterator piece);

  const std::uint64_t size_;
  mutable std::mutex mutex_;
  Pieces pieces_;
};

/// What is there of a file, for the next run: kept beside it, with what tells one state of the source from another.
struct Journal {
  std::string identity;
  std::uint64_t size = 0;
  std::vector<Run> runs;

  bool operator==(const Journal&) const = default;
};
[[nodiscard]] std::string to_text(const Journal& journal);
/// Nothing unless every byte of it is as to_text() wrote it and the runs lie in order within the file.
[[nodiscard]] std::optional<Journal> parse_journal(std::string_view text);

}  // namespace gantry::transfer
