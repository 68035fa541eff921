// How often a transfer is tried, what it does while it waits, and what is tried in another way.
// Must not know: local files.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "transfer/board.hpp"
#include "transfer/file.hpp"

namespace gantry::transfer {

/// The budget of one file. Only tries that brought it no further count: a terabyte over a bad line may be cut a
/// thousand times.
class Tries {
 public:
  /// A try that left at least so many bytes more than any before is no lost one.
  static constexpr std::uint64_t progress = mib;

  Tries(const FileOptions& options, Board& board, Board::Id id, const std::atomic<bool>& stop)
      : options_(options), board_(board), id_(id), stop_(stop), pause_(options.first_pause) {}

  /// After a try failed that leaves `safe` bytes where they are needed. True after the pause; false at once when the
  /// failure stands, the budget is used up, or at `stop`.
  [[nodiscard]] bool again(const Failure& failure, std::uint64_t safe);

 private:
  [[nodiscard]] Milliseconds next_pause(const Failure& failure);
  [[nodiscard]] bool wait(Milliseconds pause) const;

  const FileOptions& options_;
  Board& board_;
  Board::Id id_;
  const std::atomic<bool>& stop_;
  unsigned used_ = 0;
  std::uint64_t furthest_ = 0;
  Milliseconds pause_;
};

/// For long work on this side: Why::cancelled at `stop`, and tells the server now and then that we are still there.
[[nodiscard]] std::function<Outcome<void>()> waiting_tick(ftp::Connection& connection, const std::atomic<bool>& stop);

/// The server does not know REST, or not for this: it may still take or send the whole file.
[[nodiscard]] bool refuses_restart(const Failure& failure);

}  // namespace gantry::transfer
