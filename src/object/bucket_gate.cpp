#include "object/bucket_gate.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/log.hpp"

namespace gantry::object {
namespace {

constexpr auto once_in = std::chrono::milliseconds(500);
constexpr auto counting_window = std::chrono::milliseconds(500);

double seconds(SteadyClock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void BucketGate::set_name(const std::string& bucket) {
  std::lock_guard lock(mutex_);
  if (name_.empty()) name_ = bucket;
}

void BucketGate::Meter::count(Time when) {
  if (when - begin >= counting_window) {
    before = when - begin >= 2 * counting_window ? 0 : now;
    now = 0;
    begin = when;
  }
  ++now;
}

double BucketGate::Meter::rate(Time when) const {
  if (when - begin >= 2 * counting_window) return 0;
  const double window = seconds(counting_window);
  // A burst that has just begun is no rate yet: the stores, too, look at longer spans.
  return (now + before) / std::max(seconds(when - begin) + (before > 0 ? window : 0), window);
}

void BucketGate::end_episode() {
  complained_ = false;
  limit_ = max_concurrency;
  pace_ = max_pace;
  successes_ = 0;
  log::info("store recovered", {{"bucket", name_}});
}

bool BucketGate::try_enter(Time now) {
  std::lock_guard lock(mutex_);
  if (complained_ && now - last_complaint_ >= calm) end_episode();
  if (running_ >= limit_) return false;
  if (pace_ < max_pace) {
    // A tenth of a second's worth may begin at once, so that waiting callers need not wake on the dot.
    const double most = std::max(1.0, pace_ / 10);
    allowance_ = std::min(most, allowance_ + pace_ * std::max(0.0, seconds(now - filled_)));
    filled_ = now;
    if (allowance_ < 1) return false;
    allowance_ -= 1;
  }
  started_.count(now);
  ++running_;
  return true;
}

void BucketGate::leave(bool success, Time now) {
  std::lock_guard lock(mutex_);
  --running_;
  if (success) succeeded_.count(now);
  if (!success || !complained_) return;
  // By a twentieth a second at full use, whatever the pace is.
  pace_ = std::min(max_pace, pace_ + 0.05);
  if (limit_ >= max_concurrency || ++successes_ < limit_) return;
  ++limit_;
  successes_ = 0;
}

void BucketGate::slow_down(Time now) {
  std::lock_guard lock(mutex_);
  if (complained_ && now - last_complaint_ < once_in) return;
  if (complained_ && now - last_complaint_ >= calm) end_episode();
  const bool first = !complained_;
  complained_ = true;
  last_complaint_ = now;
  // A limit above what really runs would be no limit: halve what runs.
  limit_ = std::max(1U, std::min(limit_, running_ + 1) / 2);
  successes_ = 0;
  pace_ = std::max(min_pace, std::min(std::min(pace_, started_.rate(now)) / 2, succeeded_.rate(now)));
  allowance_ = 0;
  filled_ = now;
  if (first)
    log::warning("store asks to slow down",
                 {{"bucket", name_}, {"requests_at_once", limit_}, {"requests_per_second", std::lround(pace_)}});
}

unsigned BucketGate::concurrency() const {
  std::lock_guard lock(mutex_);
  return limit_;
}

double BucketGate::pace() const {
  std::lock_guard lock(mutex_);
  return pace_;
}

}  // namespace gantry::object
