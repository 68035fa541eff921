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
