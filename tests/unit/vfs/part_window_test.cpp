#include "vfs/part_window.hpp"

#include <gtest/gtest.h>

#include "base/units.hpp"

namespace gantry::vfs {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t part = 8 * mib;

TEST(PartWindow, GrowsWhilePartsTakeNoLonger) {
  PartWindow window(4);
  EXPECT_EQ(window.width(), 4U);
  window.acknowledged(part, 400ms, true);
  EXPECT_EQ(window.width(), 5U);
  for (int i = 0; i < 100; ++i) window.acknowledged(part, 420ms, true);
  EXPECT_EQ(window.width(), 12U) << "three times the setting is enough";
}

TEST(PartWindow, DoublesWithEachRoundOfPartsThatComeTogether) {
  PartWindow window(4);
  for (unsigned expected : {8U, 12U}) {
    // Only the first of a round is waited for: when it is there, so are the others.
    const unsigned round = window.width();
    for (unsigned i = 0; i < round; ++i) window.acknowledged(part, 400ms, window.came_late(i == 0));
    EXPECT_EQ(window.width(), expected);
  }
  PartWindow idle(4);
  for (int i = 0; i < 100; ++i) idle.acknowledged(part, 400ms, idle.came_late(false));
  EXPECT_EQ(idle.width(), 4U);
  idle.acknowledged(part, 400ms, idle.came_late(true));
  for (int i = 0; i < 100; ++i) idle.acknowledged(part, 400ms, idle.came_late(false));
  EXPECT_EQ(idle.width(), 8U) << "one wait is one round";
}

TEST(PartWindow, StaysWhenNothingWaits) {
  PartWindow window(4);
  for (int i = 0; i < 100; ++i) window.acknowledged(part, 400ms, false);
  EXPECT_EQ(window.width(), 4U);
}

TEST(PartWindow, LeavesAStoreAloneWhosePartsWaitForEachOther) {
  PartWindow window(4);
  // All share one line: a part takes the longer the more there are.
  for (int i = 0; i < 100; ++i) window.acknowledged(part, 100ms * window.width(), true);
  EXPECT_LE(window.width(), 8U);
}

TEST(PartWindow, GoesBackWhenTheStoreGetsSlow) {
  PartWindow window(2);
  for (int i = 0; i < 20; ++i) window.acknowledged(part, 400ms, true);
  EXPECT_EQ(window.width(), 6U);
  for (int i = 0; i < 20; ++i) window.acknowledged(part, 2s, true);
  EXPECT_EQ(window.width(), 2U) << "but not below the setting";
}

TEST(PartWindow, SmallerPartsCountByTheirBytes) {
  PartWindow window(4);
  window.acknowledged(part, 400ms, true);
  window.acknowledged(2 * part, 800ms, true);
  EXPECT_EQ(window.width(), 6U);
}

}  // namespace
}  // namespace gantry::vfs
