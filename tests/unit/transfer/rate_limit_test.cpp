#include "transfer/rate_limit.hpp"

#include <gtest/gtest.h>

namespace gantry::transfer {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A clock that only moves when somebody waits.
struct FakeTime {
  std::chrono::steady_clock::time_point now{hours(1000)};
  minutes day{0};
  Milliseconds waited{0};

  RateClock clock() {
    return {.now = [this] { return now; },
            .time_of_day = [this] { return day; },
            .wait =
                [this](Milliseconds time) {
                  now += time;
                  waited += time;
                }};
  }
};

RateSchedule schedule(std::string_view text) {
  auto parsed = RateSchedule::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(RateSchedule());
}

TEST(RateSchedule, OneRateCountsAllDay) {
  EXPECT_EQ(schedule("5MiB/s").rate_at(hours(3)), 5 * mib);
  EXPECT_EQ(schedule("300k").rate_at(hours(23)), 300 * kib);
  EXPECT_FALSE(schedule("0").limits());
  EXPECT_FALSE(RateSchedule().limits());
}

TEST(RateSchedule, WindowsCountInTheirTime) {
  const auto day = schedule("08:00-18:00=1MiB/s, 22:30-06:00=2MiB/s, otherwise=3MiB/s");
  EXPECT_TRUE(day.limits());
  EXPECT_EQ(day.rate_at(hours(8)), 1 * mib);
  EXPECT_EQ(day.rate_at(hours(18) - minutes(1)), 1 * mib);
  EXPECT_EQ(day.rate_at(hours(18)), 3 * mib);
  EXPECT_EQ(day.rate_at(hours(22) + minutes(30)), 2 * mib);
  EXPECT_EQ(day.rate_at(hours(0)), 2 * mib);
  EXPECT_EQ(day.rate_at(hours(6)), 3 * mib);
  EXPECT_EQ(schedule("08:00-18:00=1MiB/s").rate_at(hours(20)), 0U);
  EXPECT_EQ(schedule("00:00-24:00=7").rate_at(hours(23) + minutes(59)), 7U);
}

TEST(RateSchedule, RefusesWhatItCannotRead) {
  for (const auto* text : {"", "fast", "08:00-18:00", "8-18=1M", "08:00-08:00=1M", "25:00-26:00=1M", "08:60-09:00=1M",
                           "08:00-09:00=1M,", "otherwise=", "-1", "08:00=1M"}) {
    const auto parsed = RateSchedule::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().why, ftp::Why::usage);
  }
}

TEST(RateLimit, KeepsTheRate) {
  FakeTime time;
  RateLimit limit(schedule("1MiB/s"), time.clock());
  const std::atomic<bool> stop = false;
  for (int i = 0; i < 640; ++i) limit.pace(16 * kib, stop);  // ten seconds' worth
  EXPECT_GE(time.waited, Milliseconds(9800));                // a burst of 0.2 s is free
  EXPECT_LE(time.waited, Milliseconds(10000 + 640));
}

TEST(RateLimit, SavesNothingUpWhileIdle) {
  FakeTime time;
  RateLimit limit(schedule("1MiB/s"), time.clock());
  const std::atomic<bool> stop = false;
  limit.pace(mib, stop);
  time.now += hours(1);
  time.waited = Milliseconds(0);
  limit.pace(mib, stop);
  EXPECT_GE(time.waited, Milliseconds(800));
}

TEST(RateLimit, WithoutALimitNobodyWaits) {
  FakeTime time;
  RateLimit limit(schedule("08:00-18:00=1,otherwise=0"), time.clock());
  const std::atomic<bool> stop = false;
  limit.pace(gib, stop);
  EXPECT_EQ(time.waited, Milliseconds(0));
  time.day = hours(9);
  limit.pace(60, stop);
  EXPECT_GE(time.waited, Seconds(59));
}

TEST(RateLimit, StopEndsAWaitSoon) {
  FakeTime time;
  std::atomic<bool> stop = false;
  auto clock = time.clock();
  clock.wait = [&](Milliseconds length) {
    time.waited += length;
    time.now += length;
    stop = true;
  };
  RateLimit limit(schedule("1"), clock);
  limit.pace(gib, stop);
  EXPECT_LE(time.waited, Milliseconds(100));
}

}  // namespace
}  // namespace gantry::transfer
