#include "server/quotas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gantry::server {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

accounts::Account account(accounts::Place home, std::map<std::string, accounts::Place> mounts = {}) {
  accounts::Account one;
  one.home = std::move(home);
  one.mounts = std::move(mounts);
  return one;
}

std::vector<std::pair<std::string, std::string>> places(const accounts::Account& one) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& place : places_of_tree(quota_tree(one))) all.emplace_back(place.store, place.prefix);
  return all;
}

TEST(Quotas, AccountsThatSeeTheSameFilesHaveTheSameTree) {
  const auto alice = account({"main", "/shared"}, {{"/old", {"disk", "/a:b"}}});
  auto bob = alice;
  bob.name = "bob";
  EXPECT_EQ(quota_tree(alice), quota_tree(bob));
  bob.mounts.clear();
  EXPECT_NE(quota_tree(alice), quota_tree(bob));
  EXPECT_THAT(places(alice), ElementsAre(Pair("main", "/shared"), Pair("disk", "/a:b")));
}

TEST(Quotas, EachFileIsCountedOnce) {
  EXPECT_THAT(places(account({"main", "/a"}, {{"/in", {"main", "/a/b"}},
                                              {"/same", {"main", "/a"}},
                                              {"/next", {"main", "/ab"}},
                                              {"/other", {"disk", "/a/b"}}})),
              ElementsAre(Pair("main", "/a"), Pair("main", "/ab"), Pair("disk", "/a/b")));
  EXPECT_THAT(places(account({"main", "/a"}, {{"/out", {"main", "/"}}})), ElementsAre(Pair("main", "/")));
}

TEST(Quotas, AreThereWithOneOfBothLimits) {
  auto one = account({"main", "/"});
  EXPECT_FALSE(has_quota(one));
  one.quota_files = 1;
  EXPECT_TRUE(has_quota(one));
  one = account({"main", "/"});
  one.quota_bytes = 1;
  EXPECT_TRUE(has_quota(one));
}

}  // namespace
}  // namespace gantry::server
