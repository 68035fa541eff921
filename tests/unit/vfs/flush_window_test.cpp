#include "vfs/flush_window.hpp"

#include <gtest/gtest.h>

namespace gantry::vfs {
namespace {

constexpr FlushWindow::Time start{std::chrono::hours(1)};
constexpr auto after(int seconds) { return start + std::chrono::seconds(seconds); }

/// Sends parts of 8 MiB until no more are admitted. How many there were.
int fill(FlushWindow& window, FlushWindow::Time now) {
  int parts = 0;
  for (; window.admits(8 * mib); ++parts) window.sent(8 * mib, now);
  return parts;
}

/// The same on a store that was seen to take a part in `each`.
int fill_store_that_takes(std::chrono::milliseconds each) {
  FlushWindow window;
  window.sent(8 * mib, start);
  window.ended(8 * mib, start + each);
  return fill(window, start + each);
}

TEST(FlushWindow, HoldsSoMuchWhileTheRateIsNotKnown) {
  FlushWindow window;
  EXPECT_EQ(fill(window, start), 8);
  EXPECT_EQ(window.on_the_way(), FlushWindow::usual);
}

TEST(FlushWindow, HoldsWhatAFastStoreTakesInASecondAndNoMoreThanItsBounds) {
  using std::chrono::milliseconds;
  EXPECT_EQ(fill_store_that_takes(milliseconds(200)), 8) << "64 MiB, though 40 would be a second's worth";
  EXPECT_EQ(fill_store_that_takes(milliseconds(100)), 10) << "80 MiB/s";
  EXPECT_EQ(fill_store_that_takes(milliseconds(1)), 16) << "128 MiB, however much it takes";
}

TEST(FlushWindow, TwoLargePiecesMayOverlap) {
  FlushWindow window;
  window.sent(128 * mib, start);
  EXPECT_TRUE(window.admits(128 * mib));
  window.sent(128 * mib, start);
  EXPECT_FALSE(window.admits(128 * mib));
}

TEST(FlushWindow, ASlowStoreGetsWhatItTakesInTenSeconds) {
  FlushWindow window;
  window.sent(8 * mib, start);
  window.sent(8 * mib, start);
  window.ended(8 * mib, after(4));  // 2 MiB/s: 20 MiB in ten seconds, 8 of them are on the way
  EXPECT_TRUE(window.admits(6 * mib)) << "and 6 more that fill up behind them";
  EXPECT_FALSE(window.admits(7 * mib));
  window.ended(8 * mib, after(80));  // 0.2 MiB/s
  EXPECT_TRUE(window.admits(8 * mib)) << "one piece always goes";
  window.sent(8 * mib, after(81));
  EXPECT_FALSE(window.admits(1));
}

TEST(FlushWindow, RecoversWithTheStore) {
  FlushWindow window;
  window.sent(8 * mib, start);
  window.ended(8 * mib, after(80));
  window.sent(8 * mib, after(100));
  EXPECT_FALSE(window.admits(8 * mib));
  window.ended(8 * mib, after(101));  // the idle time before does not count
  window.sent(8 * mib, after(101));
  EXPECT_TRUE(window.admits(8 * mib));
}

TEST(FlushWindow, PausesOfTheClientAreNotTheStoresFault) {
  FlushWindow window;
  for (int i = 0; i < 10; ++i) {
    window.sent(8 * mib, after(100 * i));
    window.ended(8 * mib, after(100 * i) + std::chrono::milliseconds(10));
  }
  window.sent(8 * mib, after(2000));
  EXPECT_TRUE(window.admits(8 * mib));
}

}  // namespace
}  // namespace gantry::vfs
