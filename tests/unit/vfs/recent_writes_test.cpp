#include "vfs/recent_writes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace gantry::vfs {
namespace {

using object::ListPage;
using object::ListRequest;
using object::ObjectInfo;
using Names = std::vector<std::string>;

ObjectInfo object(std::string key, std::string etag = "etag", WallTime modified = {}) {
  ObjectInfo info;
  info.key = std::move(key);
  info.size = 5;
  info.etag = std::move(etag);
  info.modified = modified;
  return info;
}

ListRequest below(std::string prefix, std::string delimiter = "/") {
  ListRequest request;
  request.prefix = std::move(prefix);
  request.delimiter = std::move(delimiter);
  return request;
}

Names names(const ListPage& page) {
  Names all;
  for (const auto& info : page.objects) all.push_back(info.key);
  all.insert(all.end(), page.prefixes.begin(), page.prefixes.end());
  return all;
}

class RecentWritesTest : public testing::Test {
 protected:
  void wrote(const ObjectInfo& info) { recent_.wrote(info, recent_.now()); }
  void removed(const std::string& key) { recent_.removed(key, recent_.now()); }
  Names laid_over(ListPage page, const ListRequest& request) {
    recent_.lay_over(page, request);
    return names(page);
  }
  WallTime ago(Seconds time) const { return clock_ - time; }
  WallTime in(Seconds time) const { return clock_ + time; }

  WallTime clock_{Seconds(1'000'000'000)};
  RecentWrites recent_{{.lifetime = std::chrono::hours(1), .store_clock = [this] { return clock_; }}};
};

TEST_F(RecentWritesTest, WhatIsMissingIsInsertedInItsPlace) {
  wrote(object("d/b"));
  wrote(object("d/sub/deep/f"));
  wrote(object("d/sub/deep/g"));
  wrote(object("e"));
  EXPECT_EQ(laid_over({.objects = {object("d/a"), object("d/c")}, .prefixes = {}, .cursor = {}}, below("d/")),
            (Names{"d/a", "d/b", "d/c", "d/sub/"}));
  EXPECT_EQ(laid_over({}, below("d/sub/")), Names{"d/sub/deep/"});
  EXPECT_EQ(laid_over({}, below("d/sub/deep/", "")), (Names{"d/sub/deep/f", "d/sub/deep/g"}));
  EXPECT_EQ(laid_over({.objects = {}, .prefixes = {"d/sub/"}, .cursor = {}}, below("d/")), (Names{"d/b", "d/sub/"}));
}

TEST_F(RecentWritesTest, AnEmptyDirectoryIsItsMarker) {
  wrote(object("d/"));
  EXPECT_EQ(laid_over({}, below("")), Names{"d/"});
  EXPECT_EQ(laid_over({}, below("d/")), Names{"d/"});
}

TEST_F(RecentWritesTest, OnlyTheRangeOfThePageIsConcerned) {
  for (const char* key : {"d/a", "d/c", "d/c/x", "d/m/1", "d/m/2", "d/z"}) wrote(object(key));
  const ListPage first{.objects = {object("d/b")}, .prefixes = {"d/c/"}, .cursor = "d/c/"};
  EXPECT_EQ(laid_over(first, below("d/")), (Names{"d/a", "d/b", "d/c", "d/c/"}));
  ListRequest second = below("d/");
  second.cursor = "d/c/";
  EXPECT_EQ(laid_over({.objects = {object("d/k")}, .prefixes = {}, .cursor = "d/k"}, second), (Names{"d/k"}));
  second.cursor = "d/k";
  EXPECT_EQ(laid_over({.objects = {}, .prefixes = {"d/m/"}, .cursor = "d/m/"}, second), Names{"d/m/"});
  second.cursor = "d/m/";
  EXPECT_EQ(laid_over({}, second), Names{"d/z"});
  ListRequest after = below("d/", "");
  after.start_after = "d/m/1";
  EXPECT_EQ(laid_over({}, after), (Names{"d/m/2", "d/z"}));
}

TEST_F(RecentWritesTest, APageIsCutWhereItWouldBecomeTooLong) {
  for (int i = 0; i < 9; ++i) wrote(object("k" + std::to_string(i)));
  wrote(object("k3/x"));
  ListRequest request = below("");
  request.max = 4;
  Names all;
  for (int pages = 0; pages < 5; ++pages) {
    ListPage page;
    if (request.cursor < "k5") page.objects = {object("k5")};
    recent_.lay_over(page, request);
    EXPECT_LE(page.objects.size() + page.prefixes.size(), 4U);
    std::ranges::copy(names(page), std::back_inserter(all));
    request.cursor = page.cursor;
    if (page.cursor.empty()) break;
  }
  std::ranges::sort(all);
  EXPECT_EQ(all, (Names{"k0", "k1", "k2", "k3", "k3/", "k4", "k5", "k6", "k7", "k8"}));
}

TEST_F(RecentWritesTest, WhatWasRemovedIsDropped) {
  removed("d/gone");
  ListPage page{.objects = {object("d/gone", "x", ago(Seconds(100))), object("d/stays")}, .prefixes = {}, .cursor = {}};
  EXPECT_EQ(recent_.lay_over(page, below("d/")), 1U);
  EXPECT_EQ(names(page), Names{"d/stays"});
}

TEST_F(RecentWritesTest, WhatSomebodyElsePutLaterStays) {
  removed("d/gone");
  wrote(object("d/mine", "mine"));
  ListPage page{.objects = {object("d/gone", "new", in(Seconds(5))), object("d/mine", "theirs", in(Seconds(5)))},
                .prefixes = {},
                .cursor = {}};
  page.objects[1].size = 77;
  EXPECT_EQ(recent_.lay_over(page, below("d/")), 0U);
  ASSERT_EQ(page.objects.size(), 2U);
  EXPECT_EQ(page.objects[1].etag, "theirs");
  EXPECT_EQ(page.objects[1].size, 77U);
  EXPECT_EQ(laid_over({}, below("d/")), Names{}) << "they have removed it again";
}

TEST_F(RecentWritesTest, WithinTheToleranceOfTheClocksTheETagDecides) {
  wrote(object("f", "first"));
  removed("f");
  removed("g");
  const ListPage page{
      .objects = {object("f", "first", clock_), object("g", "unknown", clock_)}, .prefixes = {}, .cursor = {}};
  EXPECT_EQ(laid_over(page, below("")), Names{"g"}) << "only what is known to be older goes";
  wrote(object("f", "second"));
  ListPage old{.objects = {object("f", "first", clock_)}, .prefixes = {}, .cursor = {}};
  recent_.lay_over(old, below(""));
  EXPECT_EQ(old.objects.at(0).etag, "second");
}

TEST_F(RecentWritesTest, AnOldVersionIsReplaced) {
  ObjectInfo mine = object("f", "new");
  mine.size = 9;
  mine.metadata = {{"mtime", "42000"}, {"other", "x"}};
  wrote(mine);
  ListPage page{.objects = {object("f", "old", ago(Seconds(50)))}, .prefixes = {}, .cursor = {}};
  recent_.lay_over(page, below(""));
  EXPECT_EQ(page.objects.at(0).size, 9U);
  EXPECT_EQ(page.objects.at(0).modified, clock_);
  EXPECT_EQ(page.objects.at(0).metadata, (object::Metadata{{"mtime", "42000"}}));
  page.objects = {object("f", "new", in(Seconds(1)))};
  recent_.lay_over(page, below(""));
  EXPECT_EQ(page.objects.at(0).modified, in(Seconds(1))) << "the store knows best when it was stored";
  EXPECT_EQ(page.objects.at(0).metadata, (object::Metadata{{"mtime", "42000"}}));
}

TEST_F(RecentWritesTest, OnceListedItsAbsenceCounts) {
  wrote(object("f", "e"));
  EXPECT_EQ(laid_over({}, below("")), Names{"f"});
  EXPECT_EQ(laid_over({.objects = {object("f", "e", clock_)}, .prefixes = {}, .cursor = {}}, below("")), Names{"f"});
  EXPECT_EQ(laid_over({}, below("")), Names{}) << "somebody else removed it";
}

TEST_F(RecentWritesTest, TheSameBytesAsBeforeDoNotShowThatAListingCaughtUp) {
  wrote(object("d/", "empty"));
  removed("d/");
  wrote(object("d/", "empty"));
  const ListPage stale{.objects = {}, .prefixes = {}, .cursor = {}};
  EXPECT_EQ(laid_over({.objects = {object("d/", "empty", clock_)}, .prefixes = {}, .cursor = {}}, below("", "")),
            Names{"d/"});
  EXPECT_EQ(laid_over(stale, below("", "")), Names{"d/"});
}

TEST_F(RecentWritesTest, ADirectoryGoesWithItsMarker) {
  removed("d/a/f");
  EXPECT_EQ(laid_over({.objects = {}, .prefixes = {"d/a/"}, .cursor = {}}, below("d/")), Names{"d/a/"})
      << "there may be more in it";
  removed("d/a/");
  const ListPage page{.objects = {}, .prefixes = {"d/a/", "d/b/"}, .cursor = {}};
  EXPECT_EQ(laid_over(page, below("d/")), Names{"d/b/"});
  EXPECT_EQ(laid_over({.objects = {}, .prefixes = {"d/a/deep/"}, .cursor = {}}, below("d/a/")), Names{});
  wrote(object("d/a/again"));
  EXPECT_EQ(laid_over(page, below("d/")), (Names{"d/a/", "d/b/"}));
}

TEST_F(RecentWritesTest, ADirectoryIsThereAgainWithWhatSomebodyPutBelow) {
  removed("d/");
  EXPECT_EQ(laid_over({.objects = {}, .prefixes = {"d/"}, .cursor = {}}, below("")), Names{});
  EXPECT_EQ(
      laid_over({.objects = {object("d/theirs", "x", in(Seconds(9)))}, .prefixes = {}, .cursor = {}}, below("d/")),
      Names{"d/theirs"});
  EXPECT_EQ(laid_over({.objects = {}, .prefixes = {"d/"}, .cursor = {}}, below("")), Names{"d/"});
}

TEST_F(RecentWritesTest, AnUnknownOutcomeLeavesItToTheListing) {
  wrote(object("f"));
  removed("g");
  recent_.doubt("f");
  recent_.doubt("g");
  EXPECT_EQ(laid_over({.objects = {object("g")}, .prefixes = {}, .cursor = {}}, below("")), Names{"g"});
}

TEST_F(RecentWritesTest, OfTwoThatOverlapNobodyKnowsTheLast) {
  const auto begun = recent_.now();
  wrote(object("f"));
  recent_.removed("f", begun);
  EXPECT_EQ(laid_over({}, below("")), Names{});
  EXPECT_EQ(laid_over({.objects = {object("f")}, .prefixes = {}, .cursor = {}}, below("")), Names{"f"});
  wrote(object("d/", "empty"));
  recent_.wrote(object("d/", "empty"), begun);
  EXPECT_EQ(laid_over({}, below("")), Names{"d/"}) << "they agree";
}

TEST_F(RecentWritesTest, AskingForTheKeyShowsWhatOthersDid) {
  wrote(object("f", "mine"));
  wrote(object("g", "mine"));
  removed("h");
  const auto asked = recent_.now();
  recent_.missing("f", asked);
  recent_.found(object("g", "theirs"), asked);
  recent_.found(object("h", "theirs"), asked);
  const ListPage page{
      .objects = {object("f", "mine", clock_), object("h", "theirs", clock_)}, .prefixes = {}, .cursor = {}};
  EXPECT_EQ(laid_over(page, below("")), Names{"h"});
}

TEST_F(RecentWritesTest, AnAnswerFromBeforeTheWriteSaysNothing) {
  const auto asked = recent_.now();
  wrote(object("f", "mine"));
  removed("g");
  recent_.missing("f", asked);
  recent_.found(object("g", "old"), asked);
  EXPECT_EQ(laid_over({.objects = {object("g", "old", ago(Seconds(9)))}, .prefixes = {}, .cursor = {}}, below("")),
            Names{"f"});
}

TEST(RecentWritesThreads, ShareOneMemory) {
  RecentWrites recent({.lifetime = std::chrono::hours(1), .max_keys = 50});
  std::vector<std::jthread> lanes;
  for (int lane = 0; lane < 4; ++lane) {
    lanes.emplace_back([&recent, lane] {
      for (int i = 0; i < 500; ++i) {
        const std::string key = "d/" + std::to_string((i + lane) % 20);
        if (i % 3 == 0) {
          recent.removed(key, recent.now());
        } else {
          recent.wrote(object(key), recent.now());
        }
        ListPage page;
        recent.lay_over(page, below("d/"));
        EXPECT_LE(page.objects.size(), 20U);
      }
    });
  }
  lanes.clear();
  EXPECT_LE(recent.size(), 20U);
}

TEST(RecentWritesBounds, ForgetsWithTime) {
  RecentWrites recent({.lifetime = std::chrono::seconds(0)});
  recent.wrote(object("f"), recent.now());
  ListPage page;
  recent.lay_over(page, below(""));
  EXPECT_TRUE(page.objects.empty());
  EXPECT_EQ(recent.size(), 0U);
}

TEST(RecentWritesBounds, ForgetsTheOldestFirst) {
  RecentWrites recent({.lifetime = std::chrono::hours(1), .max_keys = 3});
  for (const char* key : {"a", "b", "c", "d"}) recent.wrote(object(key), recent.now());
  EXPECT_EQ(recent.size(), 3U);
  ListPage page;
  recent.lay_over(page, below(""));
  EXPECT_EQ(names(page), (Names{"b", "c", "d"}));
  for (int i = 0; i < 100; ++i) recent.wrote(object("d", std::to_string(i)), recent.now());
  EXPECT_EQ(recent.find("d")->etag, "99") << "however often it is written";
}

}  // namespace
}  // namespace gantry::vfs
