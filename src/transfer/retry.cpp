#include "transfer/retry.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace gantry::transfer {
namespace {

constexpr Seconds sign_of_life(20);
constexpr int patience = 4;                  // times the usual pause when the server has no place for us
constexpr Milliseconds glance(50);           // between two looks at the stop flag
constexpr Milliseconds shown_in_full(9950);  // below, tenths of a second are shown

/// Up to a quarter less or more, so that many workers do not come back in the same moment.
Milliseconds jittered(Milliseconds pause) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return Milliseconds(std::uniform_int_distribution(pause.count() * 3 / 4, pause.count() * 5 / 4)(random));
}

std::string in_seconds(Milliseconds pause) {
  const double seconds = std::chrono::duration<double>(pause).count();
  return pause < shown_in_full ? fmt::format("{:.1f} s", seconds) : fmt::format("{:.0f} s", seconds);
}

}  // namespace

bool Tries::again(const Failure& failure, std::uint64_t safe) {
  if (safe >= furthest_ + progress) {
    used_ = 0;
    pause_ = options_.first_pause;
  }
  furthest_ = std::max(furthest_, safe);
  if (!failure.again || ++used_ >= options_.tries || stop_) return false;
  const Milliseconds pause = next_pause(failure);
  board_.phase(id_, Phase::retrying,
               fmt::format("{}; again in {} ({} of {})", failure.text, in_seconds(pause), used_ + 1, options_.tries));
  return wait(pause);
}

Milliseconds Tries::next_pause(const Failure& failure) {
  const Milliseconds pause = failure.too_many ? pause_ * patience : pause_;
  pause_ = std::min(pause_ * 2, options_.longest_pause);
  return std::min(jittered(pause), options_.longest_pause);
}

bool Tries::wait(Milliseconds pause) const {
  const auto until = std::chrono::steady_clock::now() + pause;
  while (!stop_) {
    const auto left = std::chrono::ceil<Milliseconds>(until - std::chrono::steady_clock::now());
    if (left <= Milliseconds(0)) return true;
    // A signal ends this early, so that Ctrl-C is seen at once.
    static_cast<void>(::poll(nullptr, 0, static_cast<int>(std::min(left, glance).count())));
  }
  return false;
}

std::function<Outcome<void>()> waiting_tick(ftp::Connection& connection, const std::atomic<bool>& stop) {
  return [&connection, &stop, last = std::chrono::steady_clock::now()]() mutable -> Outcome<void> {
    if (stop) return ftp::failed(Why::cancelled, "stopped");
    const auto now = std::chrono::steady_clock::now();
    if (now - last < sign_of_life) return {};
    last = now;
    if (auto alive = connection.keep_alive(); !alive) return alive;
    return {};
  };
}

bool refuses_restart(const Failure& failure) {
  return failure.why == Why::refused && failure.reply >= 500 && failure.reply <= 504;
}

}  // namespace gantry::transfer
