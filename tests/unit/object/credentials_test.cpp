#include "object/credentials.hpp"

#include <gtest/gtest.h>

namespace gantry::object {
namespace {

Credentials keys(const char* token) { return {"AK", Secret("s"), Secret(token)}; }

TEST(LiveCredentials, replaced_once_for_each_change) {
  LiveCredentials live;
  live.start_with(keys("one"));
  live.start_with(keys("of an older configuration"));
  const auto first = live.current();
  EXPECT_EQ(*first.keys, keys("one"));
  EXPECT_FALSE(live.replace(keys("one")));
  EXPECT_EQ(live.current().version, first.version);
  EXPECT_TRUE(live.replace(keys("two")));
  EXPECT_GT(live.current().version, first.version);
  EXPECT_EQ(*live.current().keys, keys("two"));
  EXPECT_EQ(*first.keys, keys("one")) << "whoever signs keeps what it took";
}

TEST(LiveCredentials, asks_seldom_and_only_when_somebody_looks) {
  LiveCredentials live;
  live.ask_for_newer();
  EXPECT_FALSE(live.looking());
  int asked = 0;
  live.set_source([&] { ++asked; });
  for (int i = 0; i < 100; ++i) live.ask_for_newer();
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(live.looking());
  live.looked();
  EXPECT_FALSE(live.looking());
  live.ask_for_newer();
  EXPECT_EQ(asked, 1) << "again within the pause";
  EXPECT_FALSE(live.looking());
  live.replace(keys("newer"));
  live.ask_for_newer();
  EXPECT_EQ(asked, 2) << "what was found may have been half of a set";
}

}  // namespace
}  // namespace gantry::object
