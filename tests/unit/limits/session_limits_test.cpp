#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "limits/session_limits.hpp"

namespace gantry::limits {
namespace {

const auto address = [](const char* text) { return boost::asio::ip::make_address(text); };

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
  EXPECT_EQ(limits.sessions(), 3U);
  auto reserved = limits.enter(address("192.0.2.3"));
  auto last = limits.enter(address("192.0.2.3"));
  auto beyond = limits.enter(address("192.0.2.4"));
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error(), Refusal::server_full);
  EXPECT_EQ(limits.sessions(), 5U);
}

TEST(SessionLimits, SlotsGiveTheirPlaceBackOnce) {
  SessionLimits limits(1, 0);
  std::optional<SessionSlot> kept;
  {
    auto slot = limits.enter(address("192.0.2.1"));
    ASSERT_TRUE(slot);
    kept = std::move(*slot);
  }
  EXPECT_TRUE(limits.enter(address("192.0.2.2"))->reserved);
  kept.reset();
  EXPECT_EQ(limits.sessions(), 0U);
  EXPECT_FALSE(limits.enter(address("192.0.2.2"))->reserved);
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
  EXPECT_TRUE(limits.enter(address("192.0.2.1"))->reserved);
  limits.set_limits(0, 0);
  EXPECT_FALSE(limits.enter(address("192.0.2.1"))->reserved);
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
          if (inside.fetch_add(1) >= 5 + static_cast<int>(SessionLimits::reserve)) too_many = true;
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

TEST(SessionLimits, TwoPlacesBeyondTheLimitAreForAdministrators) {
  SessionLimits limits(2, 0);
  std::optional<SessionSlot> first = *limits.enter(address("192.0.2.1"));
  auto second = limits.enter(address("192.0.2.2"));
  ASSERT_TRUE(second);
  EXPECT_FALSE(first->reserved);
  EXPECT_TRUE(limits.leave_reserve(*first));
  auto third = limits.enter(address("192.0.2.3"));
  auto fourth = limits.enter(address("192.0.2.4"));
  ASSERT_TRUE(third && fourth);
  EXPECT_TRUE(third->reserved && fourth->reserved);
  EXPECT_EQ(limits.sessions(), 4U);
  ASSERT_FALSE(limits.enter(address("192.0.2.5")));
  // Who is no administrator may stay only once an ordinary place is free, and then leaves the reserved one.
  EXPECT_FALSE(limits.leave_reserve(*third));
  EXPECT_FALSE(limits.leave_reserve(*fourth));
  first.reset();
  EXPECT_TRUE(limits.leave_reserve(*third));
  EXPECT_FALSE(third->reserved);
  EXPECT_FALSE(limits.leave_reserve(*fourth));
  auto fifth = limits.enter(address("192.0.2.5"));
  ASSERT_TRUE(fifth);
  EXPECT_TRUE(fifth->reserved);
  EXPECT_EQ(limits.sessions(), 4U);
}

TEST(SessionLimits, ARefusalTakesNoPlaceOfOthers) {
  SessionLimits limits(1, 1);
  auto first = limits.enter(address("192.0.2.1"));
  ASSERT_TRUE(first);
  for (int i = 0; i < 10; ++i) {
    auto again = limits.enter(address("192.0.2.1"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error(), Refusal::address_full);
  }
  EXPECT_EQ(limits.sessions(), 1U);
  EXPECT_TRUE(limits.enter(address("192.0.2.2")));
}

TEST(SessionLimits, RacingForTheReserveNeverPassesTheLimit) {
  SessionLimits limits(3, 0);
  std::atomic<int> ordinary{0};
  std::atomic<int> inside{0};
  std::atomic<bool> too_many{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        auto slot = limits.enter(address("192.0.2.1"));
        if (!slot) continue;
        if (inside.fetch_add(1) >= 5) too_many = true;
        if (limits.leave_reserve(*slot)) {
          if (ordinary.fetch_add(1) >= 3) too_many = true;
          --ordinary;
        }
        --inside;
      }
    });
  threads.clear();
  EXPECT_FALSE(too_many);
  EXPECT_EQ(limits.sessions(), 0U);
}

TEST(SessionLimits, RacingThreadsNeverPassTheLimitOfAUser) {
  SessionLimits limits(0, 0);
  std::atomic<int> inside{0};
  std::atomic<bool> too_many{false};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        auto slot = limits.login("alice", 2);
        if (!slot) continue;
        if (inside.fetch_add(1) >= 2) too_many = true;
        --inside;
      }
    });
  threads.clear();
  EXPECT_FALSE(too_many);
  EXPECT_TRUE(limits.login("alice", 1));
}

}  // namespace
}  // namespace gantry::limits
