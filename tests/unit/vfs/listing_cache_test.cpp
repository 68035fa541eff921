#include "vfs/listing_cache.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace gantry::vfs {
namespace {

Path path(std::string_view text) { return Path::absolute(text).value(); }

Entry file(std::string name, std::string unique) {
  Entry entry;
  entry.name = std::move(name);
  entry.size = 5;
  entry.unique = std::move(unique);
  entry.modified = WallTime(Milliseconds(1'000));
  return entry;
}

TEST(ListingCache, AGivenTimeIsShownWhileTheContentIsTheSame) {
  ListingCache cache;
  const WallTime given(Milliseconds(42'000));
  cache.dated(path("/a"), "etag-1", given);
  EXPECT_EQ(cache.with_given_time(path("/a"), file("a", "etag-1")).modified, given);
  EXPECT_EQ(cache.with_given_time(path("/a"), file("a", "etag-2")).modified, WallTime(Milliseconds(1'000)));
  EXPECT_EQ(cache.with_given_time(path("/b"), file("b", "etag-1")).modified, WallTime(Milliseconds(1'000)));
}

TEST(ListingCache, OwnChangesAreNotUndoneByAListing) {
  ListingCache cache;
  cache.removed(path("/d/gone"));
  cache.seen(path("/d/gone"), file("gone", "old"));
  auto known = cache.find(path("/d/gone"));
  ASSERT_TRUE(known);
  EXPECT_FALSE(known->entry);
}

TEST(ListingCache, ACompleteListingTellsWhatDoesNotExist) {
  ListingCache cache;
  EXPECT_FALSE(cache.find(path("/d/x")));
  cache.seen_all(path("/d"), SteadyClock::now());
  ASSERT_TRUE(cache.find(path("/d/x")));
  EXPECT_FALSE(cache.find(path("/d/x"))->entry);
  cache.forget(path("/d/x"));
  EXPECT_FALSE(cache.find(path("/d/x")));
}

TEST(ListingCache, AStretchTellsOfDirectoriesOnly) {
  ListingCache cache(std::chrono::hours(1));
  const auto now = SteadyClock::now();
  Entry directory;
  directory.kind = Kind::directory;
  cache.seen(path("/d/m"), directory);
  cache.seen_directories(path("/d"), {"c", "p"}, now);
  EXPECT_TRUE(cache.no_directory(path("/d/n")));
  EXPECT_FALSE(cache.find(path("/d/n"))) << "there may be a file";
  EXPECT_FALSE(cache.no_directory(path("/d/m")));
  for (const char* outside : {"/d/b", "/d/p", "/d/q", "/n", "/d/n/n", "/"})
    EXPECT_FALSE(cache.no_directory(path(outside))) << outside;
  cache.seen_directories(path("/d"), {"c", ""}, now);
  EXPECT_TRUE(cache.no_directory(path("/d/zzz")));
  cache.wrote(path("/d/zzz"), directory);
  EXPECT_FALSE(cache.no_directory(path("/d/zzz")));
  cache.forget(path("/d/x"));
  EXPECT_FALSE(cache.no_directory(path("/d/n")));
  cache.seen_directories(path("/d"), {"c", ""}, now - std::chrono::hours(2));
  EXPECT_FALSE(cache.no_directory(path("/d/n"))) << "too old";
}

TEST(ListingCache, BeingFullCostsNothingForEachNameThatFollows) {
  ListingCache cache;
  for (std::size_t i = 0; i < ListingCache::max_facts; ++i)
    EXPECT_TRUE(cache.seen(path("/d/" + std::to_string(i)), file("x", "1")));
  const std::clock_t begun = std::clock();
  for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(cache.seen(path("/e/" + std::to_string(i)), file("x", "1")));
  // Looking through all it has for each of them would take many seconds of the processor.
  EXPECT_LT(static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC, 2.0);
}

TEST(ListingCache, MakesRoomWhenFactsGetOld) {
  ListingCache cache(std::chrono::milliseconds(0));
  for (std::size_t i = 0; i < 2 * ListingCache::max_facts; ++i)
    EXPECT_TRUE(cache.seen(path("/d/" + std::to_string(i)), file("x", "1")));
}

}  // namespace
}  // namespace gantry::vfs
