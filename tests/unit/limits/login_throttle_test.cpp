#include "limits/login_throttle.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace gantry::limits {
namespace {

const auto address = [](const char* text) { return boost::asio::ip::make_address(text); };
const LoginThrottle::Time start{std::chrono::hours(1)};

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

TEST(LoginThrottle, AUserGuessedAtFromEverywhereIsSlowedALittle) {
  LoginThrottle throttle;
  const auto home = address("203.0.113.1");
  throttle.succeeded(home, "alice");
  for (int i = 0; i < 100; ++i) throttle.failed(address(("198.51.100." + std::to_string(i)).c_str()), "alice", start);
  EXPECT_EQ(throttle.delay(address("192.0.2.1"), "alice", start), Seconds(8));
  EXPECT_EQ(throttle.delay(address("192.0.2.1"), "bob", start), Milliseconds(0));
  // Where alice was let in before, she does not notice.
  EXPECT_EQ(throttle.delay(home, "alice", start), Milliseconds(0));
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

}  // namespace
}  // namespace gantry::limits
