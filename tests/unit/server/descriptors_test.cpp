#include "server/descriptors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace gantry::server {
namespace {

using ::testing::HasSubstr;

config::Config serving(std::uint32_t max_sessions, config::StoreType type) {
  config::Config made;
  made.server.lanes = 2;
  made.server.max_sessions = max_sessions;
  config::Store store;
  store.type = type;
  store.max_connections = 100;
  made.stores.push_back(store);
  return made;
}

TEST(Descriptors, three_for_each_session_beside_what_the_process_and_its_stores_need) {
  EXPECT_EQ(sessions_within(serving(0, config::StoreType::local), 64 + 128 + 30), 10U);
  EXPECT_EQ(sessions_within(serving(0, config::StoreType::s3), 64 + 200 + 30), 10U);
  EXPECT_EQ(sessions_within(serving(0, config::StoreType::s3), 64), 0U);
}

TEST(Descriptors, too_few_are_told_with_what_is_enough) {
  // Two administrators come on top.
  EXPECT_EQ(too_few_descriptors(serving(98, config::StoreType::local), 64 + 128 + 300), std::nullopt);
  const auto told = too_few_descriptors(serving(99, config::StoreType::local), 64 + 128 + 300);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told,
              HasSubstr("server.max_sessions: 99 sessions may need 495 descriptors; the limit is 492, enough for 98:"));
  EXPECT_THAT(too_few_descriptors(serving(1, config::StoreType::cos), 100).value(), HasSubstr("enough for 0:"));
}

TEST(Descriptors, nobody_is_warned_who_asked_for_no_limit) {
  EXPECT_EQ(too_few_descriptors(serving(0, config::StoreType::s3), 1), std::nullopt);
}

TEST(Descriptors, the_soft_limit_becomes_the_hard_one) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = before.rlim_max / 2;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(descriptor_limit(), low.rlim_cur);
  EXPECT_TRUE(raise_descriptor_limit());
  EXPECT_EQ(descriptor_limit(), before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace gantry::server
