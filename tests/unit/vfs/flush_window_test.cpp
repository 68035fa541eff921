#include "vfs/flush_window.hpp"

#include <gtest/gtest.h>

namespace gantry::vfs {
namespace {

constexpr FlushWindow::Time start{std::chrono::hours(1)};
constexpr auto after(int seconds) { return start + std::chrono::seconds(seconds); }

TEST(FlushWindow, HoldsSoMuchWhileTheRateIsNotKnown) {
  FlushWindow window;
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(window.admits(8 * mib));
    window.sent(8 * mib, start);
  }
  EXPECT_FALSE(window.admits(8 * mib));
  EXPECT_EQ(window.on_the_way(), FlushWindow::usual);
}

TEST(FlushWindow, HoldsWhatAFastStoreTakesInASecond) {
  FlushWindow window;
  window.sent(8 * mib, start);
  window.ended(8 * mib, start + std::chrono::milliseconds(100));  // 80 MiB/s
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(window.admits(8 * mib));
    window.sent(8 * mib, start + std::chrono::milliseconds(100));
  }
  EXPECT_FALSE(window.admits(8 * mib));
}

TEST(FlushWindow, HoldsNoMoreOfAStoreThatTakesEverything) {
  FlushWindow window;
  window.sent(8 * mib, start);
  window.ended(8 * mib, start + std::chrono::milliseconds(1));
  for (int i = 0; i < 16; ++i) {
    EXPECT_TRUE(window.admits(8 * mib));
    window.sent(8 * mib, start + std::chrono::milliseconds(1));
  }
  EXPECT_FALSE(window.admits(8 * mib));
  EXPECT_EQ(window.on_the_way(), FlushWindow::most);
}

TEST(FlushWindow, HoldsNoMoreWhileTheStoreNeedsLongerThanASecond) {
  FlushWindow window;
  window.sent(8 * mib, start);
  window.ended(8 * mib, start + std::chrono::milliseconds(200));  // 40 MiB/s
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(window.admits(8 * mib));
    window.sent(8 * mib, start + std::chrono::milliseconds(200));
  }
  EXPECT_FALSE(window.admits(8 * mib));
  EXPECT_EQ(window.on_the_way(), FlushWindow::usual);
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
