// Speed limits on a clock of the test's own: timers that are late, and clients that take more or less at a time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limits/pace.hpp"
#include "limits/speed_book.hpp"

namespace gantry::limits {
namespace {

using Time = RateLimiter::Time;
using Duration = RateLimiter::Duration;

const Time start{std::chrono::hours(1)};

struct Transfer {
  std::unique_ptr<Pace> pace;
  std::size_t block = 256 * kib;  ///< moved at a time, at most
  double own_speed = 16.0 * gib;  ///< bytes a second the peer takes
  std::uint64_t moved = 0;
  Time next = start;
};

/// Runs transfers against the clock. Sleeping is late by up to `lateness`, differently each time but the same in every
/// run.
class Clock {
 public:
  explicit Clock(Duration lateness = std::chrono::milliseconds(2)) : lateness_(lateness) {}

  void run_until(std::vector<Transfer>& transfers, Time end) {
    for (;;) {
      Transfer& one = *std::ranges::min_element(transfers, {}, &Transfer::next);
      if (one.next >= end) return;
      const auto wait = one.pace->wait(one.next);
      if (wait > Duration::zero()) {
        one.next += wait + late();
        continue;
      }
      const std::size_t count = std::min(one.block, one.pace->allowance());
      one.pace->spend(count);
      one.moved += count;
      one.next +=
          std::chrono::ceil<Duration>(std::chrono::duration<double>(static_cast<double>(count) / one.own_speed));
    }
  }

 private:
  Duration late() {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return lateness_ * static_cast<std::int64_t>(random_ >> 54U) / 1024;
  }
  Duration lateness_;
  std::uint64_t random_ = 1;
};

std::vector<Transfer> transfers_over(const std::vector<RateLimiters>& each) {
  std::vector<Transfer> all;
  for (const auto& limiters : each) all.push_back({.pace = std::make_unique<Pace>(limiters)});
  return all;
}

std::uint64_t total(const std::vector<Transfer>& transfers) {
  std::uint64_t sum = 0;
  for (const Transfer& one : transfers) sum += one.moved;
  return sum;
}

class Accuracy : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Accuracy, IsWithinThreePercentOverTenSeconds) {
  const std::uint64_t rate = GetParam();
  for (std::size_t sessions : {1U, 3U, 20U}) {
    const auto limiter = std::make_shared<RateLimiter>(rate);
    auto transfers = transfers_over(std::vector(sessions, RateLimiters{limiter}));
    Clock().run_until(transfers, start + Seconds(10));
    const double expected = static_cast<double>(rate) * 10;
    EXPECT_NEAR(static_cast<double>(total(transfers)), expected, 0.03 * expected) << sessions << " sessions";
  }
}

TEST_P(Accuracy, DoesNotSufferFromTimersThatAreVeryLate) {
  const std::uint64_t rate = GetParam();
  const auto limiter = std::make_shared<RateLimiter>(rate);
  auto transfers = transfers_over({{limiter}});
  Clock(std::chrono::milliseconds(100)).run_until(transfers, start + Seconds(10));
  const double expected = static_cast<double>(rate) * 10;
  EXPECT_NEAR(static_cast<double>(total(transfers)), expected, 0.03 * expected);
}

TEST_P(Accuracy, MovesInSmallSteps) {
  const std::uint64_t rate = GetParam();
  const auto limiter = std::make_shared<RateLimiter>(rate);
  auto transfers = transfers_over({{limiter}});
  Clock clock(Duration::zero());
  // In every tenth of a second about a tenth of the rate.
  for (int tenth = 1; tenth <= 20; ++tenth) {
    const std::uint64_t before = total(transfers);
    clock.run_until(transfers, start + std::chrono::milliseconds(100 * tenth));
    const double expected = static_cast<double>(rate) / 10;
    EXPECT_NEAR(static_cast<double>(total(transfers) - before), expected, 0.35 * expected) << tenth;
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, Accuracy, ::testing::Values(64 * kib, 300 * kib, mib, 16 * mib, 256 * mib, gib),
                         [](const auto& param) { return std::to_string(param.param / kib) + "KiB"; });

TEST(Speed, IsSharedFairlyWhateverTheClientsDo) {
  for (const std::uint64_t rate : {64 * kib, 16 * mib, gib}) {
    const auto limiter = std::make_shared<RateLimiter>(rate);
    auto transfers = transfers_over(std::vector(8, RateLimiters{limiter}));
    // From very small steps to large ones.
    for (std::size_t i = 0; i < transfers.size(); ++i) transfers[i].block = std::size_t{512} << (i + 1);
    Clock().run_until(transfers, start + Seconds(5));
    const double share = static_cast<double>(rate) * 5 / 8;
    for (const Transfer& one : transfers)
      EXPECT_NEAR(static_cast<double>(one.moved), share, 0.1 * share) << rate << ", blocks of " << one.block;
  }
}

TEST(Speed, WhatSlowClientsLeaveGoesToTheOthers) {
  const auto limiter = std::make_shared<RateLimiter>(10 * mib);
  auto transfers = transfers_over(std::vector(3, RateLimiters{limiter}));
  transfers[0].own_speed = 1.0 * mib;
  Clock().run_until(transfers, start + Seconds(10));
  EXPECT_NEAR(static_cast<double>(transfers[0].moved), 10.0 * mib, 0.3 * mib);
  EXPECT_NEAR(static_cast<double>(transfers[1].moved), 45.0 * mib, 3.0 * mib);
  EXPECT_NEAR(static_cast<double>(transfers[2].moved), 45.0 * mib, 3.0 * mib);
}

TEST(Speed, TheTightestLimitCounts) {
  const auto server = std::make_shared<RateLimiter>(12 * mib);
  const auto alice = std::make_shared<RateLimiter>(4 * mib);
  const auto bob = std::make_shared<RateLimiter>(100 * mib);
  const auto first = std::make_shared<RateLimiter>(mib);
  const auto none = std::make_shared<RateLimiter>(0);
  auto transfers = transfers_over({{first, alice, server}, {none, alice, server}, {none, bob, server}});
  Clock().run_until(transfers, start + Seconds(10));
  EXPECT_NEAR(static_cast<double>(transfers[0].moved), 10.0 * mib, 0.5 * mib);
  EXPECT_NEAR(static_cast<double>(transfers[1].moved), 30.0 * mib, 1.5 * mib);
  EXPECT_NEAR(static_cast<double>(transfers[2].moved), 80.0 * mib, 4.0 * mib);
}

TEST(Speed, NoLimitMeansNoWaiting) {
  Pace free({});
  EXPECT_EQ(free.wait(start), Duration::zero());
  EXPECT_GT(free.allowance(), gib);
  Pace zero({std::make_shared<RateLimiter>(0)});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(zero.wait(start), Duration::zero());
    ASSERT_GT(zero.allowance(), 0U);
    zero.spend(zero.allowance());
  }
}

TEST(Speed, ManySmallFilesAreAsSlowAsALargeOne) {
  const auto limiter = std::make_shared<RateLimiter>(64 * kib);
  Time now = start;
  for (int file = 0; file < 2000; ++file) {
    Pace pace({limiter});
    for (auto wait = pace.wait(now); wait > Duration::zero(); wait = pace.wait(now)) now += wait;
    pace.spend(100);
  }
  const double seconds = std::chrono::duration<double>(now - start).count();
  EXPECT_NEAR(seconds, 2000 * 100 / (64.0 * kib), 0.2);
}

TEST(Speed, WhoGivesUpWaitingLeavesTheQueue) {
  const auto limiter = std::make_shared<RateLimiter>(64 * kib);
  Pace first({limiter});
  EXPECT_GT(first.wait(start), Duration::zero());
  for (int i = 0; i < 1000; ++i) {
    Pace gone({limiter});
    EXPECT_GT(gone.wait(start), Duration::zero());
  }
  Pace last({limiter});
  EXPECT_LE(last.wait(start), std::chrono::milliseconds(63));
}

TEST(Speed, APauseSavesUpAFifthOfASecond) {
  const auto limiter = std::make_shared<RateLimiter>(10 * mib);
  auto transfers = transfers_over({{limiter}});
  Clock(Duration::zero()).run_until(transfers, start + Seconds(1));
  const std::uint64_t before = total(transfers);
  transfers[0].next = start + Seconds(100);
  Clock(Duration::zero()).run_until(transfers, start + Seconds(100) + std::chrono::milliseconds(1));
  EXPECT_NEAR(static_cast<double>(total(transfers) - before), 2.0 * mib, 0.2 * mib);
}

TEST(Speed, AChangedRateCountsForThoseWhoWait) {
  const auto limiter = std::make_shared<RateLimiter>(kib);
  auto transfers = transfers_over(std::vector(3, RateLimiters{limiter}));
  for (Transfer& one : transfers) EXPECT_GT(one.pace->wait(start), Seconds(1));
  limiter->set_rate(mib, start);
  for (Transfer& one : transfers) EXPECT_LT(one.pace->wait(start), std::chrono::milliseconds(30));
  Clock().run_until(transfers, start + Seconds(10));
  EXPECT_NEAR(static_cast<double>(total(transfers)), 10.0 * mib, 0.5 * mib);
  limiter->set_rate(0, start + Seconds(10));
  for (Transfer& one : transfers) EXPECT_EQ(one.pace->wait(start + Seconds(10)), Duration::zero());
}

TEST(Speed, AMuchLowerRateMakesNobodyWaitForTheOldQueue) {
  const auto limiter = std::make_shared<RateLimiter>(gib);
  auto transfers = transfers_over(std::vector(50, RateLimiters{limiter}));
  Clock().run_until(transfers, start + Seconds(1));
  limiter->set_rate(64 * kib, start + Seconds(1));
  const std::uint64_t before = total(transfers);
  for (Transfer& one : transfers) one.pace->spend(one.pace->allowance());
  Duration longest{};
  for (Transfer& one : transfers) longest = std::max(longest, one.pace->wait(start + Seconds(1)));
  EXPECT_LT(longest, Seconds(2));
  Clock().run_until(transfers, start + Seconds(11));
  EXPECT_NEAR(static_cast<double>(total(transfers) - before), 640.0 * kib, 32.0 * kib);
}

/// What a session's uploads may do in a second from now.
std::uint64_t rate_of(const RateLimiters& limiters) {
  std::uint64_t least = 0;
  for (const auto& limiter : limiters)
    if (limiter->rate() > 0 && (least == 0 || limiter->rate() < least)) least = limiter->rate();
  return least;
}

TEST(SpeedBook, KnowsWhatAppliesToASession) {
  SpeedBook book({.upload = 100, .download = 1000});
  const auto one = book.begin("alice", {.together = {50, 0}, .session = {30, 500}});
  EXPECT_EQ(rate_of(one.upload), 30U);
  EXPECT_EQ(rate_of(one.download), 500U);
  const auto other = book.begin("bob", {});
  EXPECT_EQ(rate_of(other.upload), 100U);
  EXPECT_EQ(rate_of(other.download), 1000U);
}

TEST(SpeedBook, SessionsOfAUserShareOneLimit) {
  SpeedBook book({});
  const auto one = book.begin("alice", {{64 * kib, 0}, {}});
  const auto two = book.begin("alice", {{64 * kib, 0}, {}});
  auto transfers = transfers_over({one.upload, two.upload});
  Clock().run_until(transfers, start + Seconds(10));
  EXPECT_NEAR(static_cast<double>(total(transfers)), 640.0 * kib, 20.0 * kib);
}

TEST(SpeedBook, ChangesReachRunningSessions) {
  SpeedBook book({});
  const auto one = book.begin("alice", {});
  const auto two = book.begin("bob", {});
  EXPECT_EQ(book.users(), (std::vector<std::string>{"alice", "bob"}));
  book.change("alice", {.together = {10, 20}, .session = {5, 40}});
  book.change("carol", {{1, 1}, {}});
  EXPECT_EQ(rate_of(one.upload), 5U);
  EXPECT_EQ(rate_of(one.download), 20U);
  EXPECT_EQ(rate_of(two.upload), 0U);
  book.change_server({.upload = 3, .download = 0});
  EXPECT_EQ(rate_of(one.upload), 3U);
  EXPECT_EQ(rate_of(two.upload), 3U);
  // The next session brings the account as it is now.
  const auto three = book.begin("alice", {{0, 7}, {}});
  EXPECT_EQ(rate_of(one.download), 7U);
  EXPECT_EQ(rate_of(three.download), 7U);
}

TEST(SpeedBook, ForgetsWhoHasGone) {
  SpeedBook book({});
  for (int i = 0; i < 1000; ++i) static_cast<void>(book.begin("user" + std::to_string(i), {}));
  EXPECT_TRUE(book.users().empty());
  const auto kept = book.begin("alice", {});
  EXPECT_EQ(book.users(), std::vector<std::string>{"alice"});
}

}  // namespace
}  // namespace gantry::limits
