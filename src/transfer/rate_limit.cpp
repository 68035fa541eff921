#include "transfer/rate_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <optional>
#include <string>

#include "base/text.hpp"

namespace gantry::transfer {
namespace {

using std::chrono::steady_clock;

/// How much idle time may be made up for: what timers are late by.
constexpr Milliseconds burst(200);
/// How often a wait looks at its flag.
constexpr Milliseconds glance(100);

/// "1MiB/s", "1MiB" and "0".
std::optional<std::uint64_t> parse_rate(std::string_view text) {
  text = trim(text);
  if (text.ends_with("/s")) text.remove_suffix(2);
  return parse_bytes(text);
}

/// "08:00"; "24:00" is the end of the day.
std::optional<std::chrono::minutes> parse_time(std::string_view text) {
  const auto parts = split(trim(text), ':');
  if (parts.size() != 2) return std::nullopt;
  const auto hours = parse_number(parts[0]);
  const auto minutes = parse_number(parts[1]);
  if (!hours || !minutes || *minutes > 59 || *hours * 60 + *minutes > 24 * 60) return std::nullopt;
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
}

std::chrono::minutes local_time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  return std::chrono::hours(local.tm_hour) + std::chrono::minutes(local.tm_min);
}

void wait_for(Milliseconds time) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, time);
}

ftp::Failure unreadable(std::string_view text) {
  return {.why = ftp::Why::usage,
          .text = fmt::format("\"{}\" is no bandwidth limit: write 5MiB/s, or 08:00-18:00=1MiB/s,otherwise=0",
                              escape_control(text))};
}

}  // namespace

ftp::Outcome<RateSchedule> RateSchedule::parse(std::string_view text) {
  RateSchedule schedule;
  if (const auto rate = parse_rate(text)) {
    schedule.otherwise_ = *rate;
    return schedule;
  }
  for (const std::string_view part : split(text, ',')) {
    const std::size_t equals = part.find('=');
    const auto rate = equals == std::string_view::npos ? std::nullopt : parse_rate(part.substr(equals + 1));
    if (!rate) return ftp::failed(unreadable(text));
    const std::string_view when = trim(part.substr(0, equals));
    if (when == "otherwise") {
      schedule.otherwise_ = *rate;
      continue;
    }
    auto window = parse_window(when);
    if (!window) return ftp::failed(unreadable(text));
    window->rate = *rate;
    schedule.windows_.push_back(*window);
  }
  return schedule;
}

ftp::Outcome<RateSchedule::Window> RateSchedule::parse_window(std::string_view when) {
  const auto ends = split(when, '-');
  const auto from = ends.size() == 2 ? parse_time(ends[0]) : std::nullopt;
  const auto to = ends.size() == 2 ? parse_time(ends[1]) : std::nullopt;
  if (!from || !to || *from == *to) return ftp::failed(unreadable(when));
  return Window{.from = *from, .to = *to};
}

std::uint64_t RateSchedule::rate_at(Minutes now) const {
  for (const Window& window : windows_) {
    const bool over_midnight = window.from > window.to;
    const bool inside = over_midnight ? now >= window.from || now < window.to : now >= window.from && now < window.to;
    if (inside) return window.rate;
  }
  return otherwise_;
}

bool RateSchedule::limits() const {
  return otherwise_ > 0 || std::ranges::any_of(windows_, [](const Window& window) { return window.rate > 0; });
}

RateClock RateClock::real() {
  return {.now = [] { return steady_clock::now(); }, .time_of_day = local_time_of_day, .wait = wait_for};
}

RateLimit::RateLimit(RateSchedule schedule, RateClock clock)
    : schedule_(std::move(schedule)), clock_(std::move(clock)) {}

/// When `bytes` more will have had their time.
steady_clock::time_point RateLimit::reserve(std::size_t bytes) {
  const std::uint64_t rate = schedule_.rate_at(clock_.time_of_day());
  const auto now = clock_.now();
  const std::scoped_lock lock(mutex_);
  if (rate == 0) return now;
  const std::chrono::duration<double> taken(static_cast<double>(bytes) / static_cast<double>(rate));
  free_ = std::max(free_, now - burst) + std::chrono::ceil<steady_clock::duration>(taken);
  return free_;
}

void RateLimit::pace(std::size_t bytes, const std::atomic<bool>& stop) {
  const auto due = reserve(bytes);
  for (auto now = clock_.now(); now < due && !stop; now = clock_.now())
    clock_.wait(std::min(glance, std::chrono::ceil<Milliseconds>(due - now)));
}

}  // namespace gantry::transfer
