#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "limits/login_throttle.hpp"
#include "limits/rate_limit.hpp"
#include "limits/session_limits.hpp"

namespace gantry::limits {
namespace {

const auto address = [](const char* text) { return boost::asio::ip::make_address(text); };
const RateLimiter::Time start{std::chrono::hours(1)};

TEST(SessionLimits, CountInAllAndPerAddress) {
  SessionLimits limits(3, 2);
  auto first = limits.enter(address("192.0.2.1"));
  auto second = limits.enter(address("::ffff:192.0.2.1"));
  ASSERT_TRUE(first && second);
  auto third = limits.enter(address("192.0.2.1"));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), Refusal::address_full);
  // The refused session took no place in the total.
  auto other = limits.enter(address("192.0.2.2"));
  ASSERT_TRUE(other);
  auto beyond = limits.enter(address("192.0.2.3"));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error(), Refusal::server_full);
  EXPECT_EQ(limits.sessions(), 3U);
}

TEST(SessionLimits, SlotsGiveTheirPlaceBackOnce) {
  SessionLimits limits(1, 0);
  std::optional<SessionSlot> kept;
  {
    auto slot = limits.enter(address("192.0.2.1"));
    ASSERT_TRUE(slot);
    kept = std::move(*slot);
  }
  EXPECT_FALSE(limits.enter(address("192.0.2.2")));
  kept.reset();
  EXPECT_EQ(limits.sessions(), 0U);
  EXPECT_TRUE(limits.enter(address("192.0.2.2")));
}

TEST(SessionLimits, SlotsMayOutliveTheLimits) {
  std::optional<SessionSlot> kept;
  {
    SessionLimits limits(1, 1);
    kept = *limits.enter(address("192.0.2.1"));
  }
  kept.reset();
}

TEST(SessionLimits, Ipv6CountsBySlash64) {
  SessionLimits limits(0, 1);
  auto slot = limits.enter(address("2001:db8:1:2::1"));
  EXPECT_FALSE(limits.enter(address("2001:db8:1:2:ffff::9")));
  EXPECT_TRUE(limits.enter(address("2001:db8:1:3::1")));
}

TEST(SessionLimits, UsersHaveTheirOwn) {
  SessionLimits limits(0, 0);
  auto alice = limits.login("alice", 1);
  ASSERT_TRUE(alice);
  auto again = limits.login("alice", 1);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), Refusal::user_full);
  EXPECT_TRUE(limits.login("alice", 0));
  EXPECT_TRUE(limits.login("bob", 1));
}

TEST(SessionLimits, NewLimitsTurnNobodyOut) {
  SessionLimits limits(2, 0);
  auto first = limits.enter(address("192.0.2.1"));
  auto second = limits.enter(address("192.0.2.1"));
  limits.set_limits(1, 0);
  EXPECT_EQ(limits.sessions(), 2U);
  EXPECT_FALSE(limits.enter(address("192.0.2.1")));
  limits.set_limits(0, 0);
  EXPECT_TRUE(limits.enter(address("192.0.2.1")));
}

TEST(SessionLimits, RacingThreadsNeverPassTheLimit) {
  SessionLimits limits(5, 0);
  std::atomic<int> inside{0};
  std::atomic<bool> too_many{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      std::vector<SessionSlot> held;
      for (int round = 0; round < 2000; ++round) {
        if (auto slot = limits.enter(address("192.0.2.1"))) {
          if (inside.fetch_add(1) >= 5) too_many = true;
          held.push_back(std::move(*slot));
        }
        if (held.size() < 3 && round % 3 != 0) continue;
        inside -= static_cast<int>(held.size());
        held.clear();
      }
      inside -= static_cast<int>(held.size());
    });
  threads.clear();
  EXPECT_FALSE(too_many);
  EXPECT_EQ(limits.sessions(), 0U);
}

TEST(LoginThrottle, PausesGrowAfterFiveFailures) {
  LoginThrottle throttle;
  const auto peer = address("192.0.2.1");
  for (int i = 0; i < 4; ++i) throttle.failed(peer, "alice", start);
  EXPECT_EQ(throttle.delay(peer, "alice", start), Milliseconds(0));
  std::vector<Milliseconds> pauses;
  for (int i = 0; i < 9; ++i) {
    throttle.failed(peer, "alice", start);
    pauses.push_back(throttle.delay(peer, "alice", start));
  }
  EXPECT_EQ(pauses, (std::vector<Milliseconds>{Seconds(1), Seconds(2), Seconds(4), Seconds(8), Seconds(16), Seconds(32),
                                               Seconds(60), Seconds(60), Seconds(60)}));
  // What has passed since is not waited again.
  EXPECT_EQ(throttle.delay(peer, "alice", start + Seconds(50)), Seconds(10));
  EXPECT_EQ(throttle.delay(peer, "alice", start + Seconds(60)), Milliseconds(0));
}

TEST(LoginThrottle, FailuresFade) {
  LoginThrottle throttle;
  const auto peer = address("192.0.2.1");
  for (int i = 0; i < 100; ++i) throttle.failed(peer, "alice", start);
  const auto later = start + std::chrono::minutes(8);
  throttle.failed(peer, "alice", later);
  EXPECT_EQ(throttle.delay(peer, "alice", later), Milliseconds(0));
}

TEST(LoginThrottle, AnAddressPaysForAllNamesButOthersDoNot) {
  LoginThrottle throttle;
  for (int i = 0; i < 5; ++i) throttle.failed(address("2001:db8::1"), "name" + std::to_string(i), start);
  EXPECT_EQ(throttle.delay(address("2001:db8::2"), "fresh", start), Seconds(1));
  EXPECT_EQ(throttle.delay(address("2001:db8:0:1::2"), "name1", start), Milliseconds(0));
}

TEST(LoginThrottle, AUserLetInDoesNotPayForNeighbours) {
  LoginThrottle throttle;
  const auto peer = address("192.0.2.1");
  throttle.succeeded(peer, "alice");
  for (int i = 0; i < 9; ++i) throttle.failed(peer, "mallory", start);
  EXPECT_EQ(throttle.delay(peer, "alice", start), Milliseconds(0));
  EXPECT_EQ(throttle.delay(peer, "bob", start), Seconds(16));
  // Guessing alice's password is slowed all the same.
  for (int i = 0; i < 5; ++i) throttle.failed(peer, "alice", start);
  EXPECT_EQ(throttle.delay(peer, "alice", start), Seconds(1));
  throttle.succeeded(peer, "alice");
  EXPECT_EQ(throttle.delay(peer, "alice", start), Milliseconds(0));
}

TEST(LoginThrottle, MemoryIsBounded) {
  LoginThrottle throttle;
  const auto victim = address("192.0.2.1");
  for (int i = 0; i < 20'000; ++i) {
    throttle.failed(address("198.51.100.1"), std::to_string(i) + std::string(1000, 'x'), start);
    if (i % 1000 == 0) throttle.failed(victim, "root", start);
  }
  EXPECT_EQ(throttle.entries(), LoginThrottle::max_entries);
  // Those still at it are kept.
  EXPECT_GT(throttle.delay(victim, "root", start), Milliseconds(0));
}

TEST(RateLimiter, ZeroMeansNoLimit) {
  RateLimiter limiter(0);
  EXPECT_EQ(limiter.reserve(~std::uint64_t{0}, start), Milliseconds(0));
}

TEST(RateLimiter, TheBurstIsATenthOfASecond) {
  RateLimiter limiter(10 * mib);
  EXPECT_EQ(limiter.reserve(mib, start), Milliseconds(0));
  EXPECT_EQ(limiter.reserve(mib, start), Milliseconds(100));
  EXPECT_EQ(limiter.reserve(0, start + Milliseconds(100)), Milliseconds(0));
  // A long pause saves no more than one burst.
  EXPECT_EQ(limiter.reserve(2 * mib, start + Seconds(100)), Milliseconds(100));
}

TEST(RateLimiter, SlowLimitsStillMoveAWholeBuffer) {
  RateLimiter limiter(kib);
  EXPECT_EQ(limiter.reserve(64 * kib, start), Milliseconds(0));
  EXPECT_EQ(limiter.reserve(kib, start), Seconds(1));
}

TEST(RateLimiter, TheAverageIsTheRate) {
  RateLimiter limiter(300 * kib);
  auto now = start;
  for (int i = 0; i < 300; ++i) now += limiter.reserve(10 * kib, now);
  const auto seconds = std::chrono::duration<double>(now - start).count();
  EXPECT_NEAR(seconds, 3000.0 / 300.0, 0.4);
}

TEST(RateLimiter, ANewRateCountsAtOnceAndDebtIsBounded) {
  RateLimiter limiter(1);
  EXPECT_LE(limiter.reserve(~std::uint64_t{0}, start), std::chrono::hours(1));
  RateLimiter other(kib);
  EXPECT_EQ(other.reserve(64 * kib, start), Milliseconds(0));
  other.set_rate(10 * kib);
  EXPECT_EQ(other.reserve(10 * kib, start), Seconds(1));
  other.set_rate(0);
  EXPECT_EQ(other.reserve(mib, start), Milliseconds(0));
}

}  // namespace
}  // namespace gantry::limits
