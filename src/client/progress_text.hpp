// The board as text: what stands at the bottom of the screen now, what scrolls away above it. Keeps of the past only
// what rates need. Must not know: threads, where it is drawn.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "terminal/bars.hpp"
#include "terminal/screen.hpp"
#include "transfer/board.hpp"

namespace gantry::client {

class ProgressText {
 public:
  explicit ProgressText(bool colours) : colours_(colours) {}

  /// To be called with every look at the board, before the others.
  void note(const transfer::View& view, transfer::Clock::time_point now);

  /// A line for each running transfer, as many as `size` has room for, and the total when there are several.
  [[nodiscard]] std::vector<std::string> bars(const transfer::View& view, terminal::Size size);
  /// What ended, a line each; failed ones are reported by who asked for them.
  [[nodiscard]] std::string ended(const transfer::View& view) const;
  /// One line for logs; empty when nothing runs.
  [[nodiscard]] std::string interim(const transfer::View& view) const;
  /// One line over everything, when there was more than one file.
  [[nodiscard]] std::string summary(const transfer::Totals& totals) const;

  [[nodiscard]] double rate() const { return speed_.per_second(); }
  [[nodiscard]] double rate_of(transfer::Board::Id id) const;

 private:
  [[nodiscard]] terminal::Sum sum_of(const transfer::Totals& totals) const;

  bool colours_;
  transfer::Clock::time_point began_{};
  transfer::Clock::time_point now_{};
  terminal::Speed speed_;
  std::map<transfer::Board::Id, terminal::Speed> speeds_;
  std::uint64_t tick_ = 0;
};

/// "connecting", "storing: the server has not confirmed yet", or the phase's own note; empty while bytes flow.
[[nodiscard]] std::string doing_of(const transfer::Progress& transfer);

}  // namespace gantry::client
