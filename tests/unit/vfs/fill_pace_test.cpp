// Who counts as quick; the time is the test's own.
#include "vfs/fill_pace.hpp"

#include <gtest/gtest.h>

namespace gantry::vfs {
namespace {

using namespace std::chrono_literals;

TEST(FillPace, NobodyIsQuickBeforeAnythingCame) {
  FillPace pace;
  EXPECT_FALSE(pace.quick(mib));
  pace.came(0, 1ms);
  EXPECT_FALSE(pace.quick(mib));
}

TEST(FillPace, APartWithinASecondIsQuick) {
  FillPace pace;
  pace.came(64 * kib, 50ms);
  EXPECT_TRUE(pace.quick(mib));
  EXPECT_FALSE(pace.quick(5 * mib));
  pace.came(64 * kib, 1s);
  EXPECT_FALSE(pace.quick(mib));
}

TEST(FillPace, AFewBurstsMakeNoQuickClient) {
  FillPace pace;
  for (int i = 0; i < 16; ++i) pace.came(mib, 16s);
  for (int i = 0; i < 6; ++i) pace.came(mib, 1ms);
  EXPECT_FALSE(pace.quick(mib));
  for (int i = 0; i < 16; ++i) pace.came(mib, 1ms);
  EXPECT_TRUE(pace.quick(mib)) << "but one that goes on like that has become one";
  for (int i = 0; i < 4; ++i) pace.came(mib, 16s);
  EXPECT_FALSE(pace.quick(mib));
}

}  // namespace
}  // namespace gantry::vfs
