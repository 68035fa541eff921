// Progress as text: pure functions of what is known, the columns there are, and the time. Must not know: what moves,
// where it is drawn.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/units.hpp"

namespace gantry::terminal {

using Clock = std::chrono::steady_clock;

/// How fast a counter grows, over the last five seconds.
class Speed {
 public:
  /// `count` never falls. Samples come in the order of time.
  void sample(Clock::time_point now, std::uint64_t count);
  /// Per second; 0 until two samples are a moment apart.
  [[nodiscard]] double per_second() const;

 private:
  struct Sample {
    Clock::time_point at;
    std::uint64_t count = 0;
  };
  std::deque<Sample> samples_;
};

/// One transfer.
struct Bar {
  std::string name;  ///< as it is; escaped here
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> size{};
  double rate = 0;      ///< bytes per second
  std::string doing{};  ///< what happens while no bytes flow: "storing"; a moving sign is shown with it
};

/// All of them.
struct Sum {
  std::uint64_t files = 0;
  bool more = false;  ///< `files` is only what is known so far, and is not shown
  std::uint64_t ended = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> size{};
  double rate = 0;
};

/// One line of at most `columns`: name, percentage, bar, bytes, rate and time left, as many of them as there is room
/// for. `tick` counts frames and moves the sign.
[[nodiscard]] std::string bar_line(const Bar& bar, std::size_t columns, std::uint64_t tick, bool colours);

/// The line of totals, at most `columns` wide.
[[nodiscard]] std::string sum_line(const Sum& sum, std::size_t columns, bool colours);

/// "34 %, 1.2 GiB of 3.4 GiB, 12.3 MiB/s, 0:42 left": for logs.
[[nodiscard]] std::string sum_words(const Sum& sum);

/// Whole percents, 100 only when nothing is missing; of an empty file 100.
[[nodiscard]] unsigned percent_of(std::uint64_t bytes, std::uint64_t size);

/// Seconds until the rest has moved; nothing when that cannot be known.
[[nodiscard]] std::optional<Seconds> time_left(std::uint64_t bytes, std::optional<std::uint64_t> size, double rate);

/// "0:42", "12:03", "1:02:03", "3d 4h": at most seven columns; "-" for nothing.
[[nodiscard]] std::string clock_text(std::optional<Seconds> time);

/// "12.3 MiB/s".
[[nodiscard]] std::string rate_text(double rate);

}  // namespace gantry::terminal
