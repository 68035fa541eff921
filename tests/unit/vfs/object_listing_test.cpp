#include "vfs/object_listing.hpp"

#include <set>

#include "async/event.hpp"
#include "tests/unit/vfs/object_fixture.hpp"
#include "vfs/object_keys.hpp"

namespace gantry::vfs {
namespace {

using Names = std::vector<std::string>;

Entry entry_named(std::string name, std::uint64_t size = 0, std::string unique = {}) {
  Entry entry;
  entry.name = std::move(name);
  entry.size = size;
  entry.unique = std::move(unique);
  return entry;
}

class ObjectListings : public ObjectFixture {};

TEST_F(ObjectListings, SkipsKeysThatCannotBePaths) {
  for (const char* key :
       {"d/", "d/good", "d/sub/x", "d//empty", "d/./x", "d/../x", "d/..", "d/a\nb", "d/bad\xff", "d/\x7f/x", "d//"}) {
    store_->set(key, "x");
  }
  store_->set("d/" + std::string(256, 'n'), "x");
  EXPECT_EQ(list("/d"), (Names{"good", "sub/"}));
}

TEST_F(ObjectListings, AFileWinsOverADirectoryOfItsName) {
  for (const char* key : {"a", "a!", "a-b", "a-b/x", "a.txt", "a/x", "ab", "ab/y", "b/z"}) store_->set(key, "1");
  EXPECT_EQ(list("/"), (Names{"a", "a!", "a-b", "a.txt", "ab", "b/"}));
  EXPECT_EQ(must(run(fs_->stat(at("/a")))).kind, Kind::file);
  EXPECT_EQ(must(run(fs_->stat(at("/a/x")))).kind, Kind::file);
}

TEST_F(ObjectListings, AFileWinsAlsoWhenItsDirectoryIsPagesAway) {
  store_->set("d/a", "1");
  for (int i = 0; i < 2200; ++i) store_->set("d/a-" + std::to_string(i), "1");
  store_->set("d/a/below", "1");
  const Names names = list("/d");
  EXPECT_EQ(names.size(), 2201U);
  EXPECT_EQ(std::ranges::count(names, "a/"), 0);
}

TEST_F(ObjectListings, FetchesTheNextPageMeanwhile) {
  for (int i = 0; i < 2500; ++i) store_->set("d/" + std::to_string(i), "");
  auto listing = must(run(fs_->list(at("/d"))));
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  run(async::sleep_for(Milliseconds(1)));
  EXPECT_EQ(store_->count("list"), 2U);
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  EXPECT_EQ(must(run(listing->next())).size(), 500U);
  EXPECT_TRUE(must(run(listing->next())).empty());
  EXPECT_EQ(store_->count("list"), 3U);
}

/// Says with which cursor to go on before a page is read, and takes its time for reading it. Whoever breaks a request
/// off comes too late: the answer is there already.
class AnnouncingStore : public test::MemoryStore {
 public:
  using MemoryStore::MemoryStore;
  std::function<std::string(const std::string&)> announced = [](const std::string& cursor) { return cursor; };
  std::function<Task<void>()> read = []() -> Task<void> { co_return; };

  Task<Result<object::ListPage>> list(object::ListRequest request) override {
    co_await async::shield();
    auto page = co_await MemoryStore::list(request);
    co_await async::sleep_for(Milliseconds(1));  // no answer comes while its question is still being asked
    if (page && request.on_cursor && !page->cursor.empty()) {
      request.on_cursor(announced(page->cursor));
      co_await read();
    }
    co_return page;
  }
};

class AnnouncedListings : public ObjectListings {
 protected:
  void SetUp() override {
    ObjectListings::SetUp();
    store_ = announcing_ = std::make_shared<AnnouncingStore>();
    restart();
    for (int i = 0; i < 4500; ++i) store_->set("d/" + std::to_string(i), "");
  }
  /// Waits for it; false if it does not come.
  static Task<bool> comes_true(std::function<bool()> condition) {
    const auto deadline = SteadyClock::now() + std::chrono::seconds(10);
    while (!condition() && SteadyClock::now() < deadline) co_await async::sleep_for(Milliseconds(1));
    co_return condition();
  }
  Task<bool> asked_for(std::uint64_t pages) {
    return comes_true([this, pages] { return store_->count("list") >= pages; });
  }

  std::shared_ptr<AnnouncingStore> announcing_;
};

TEST_F(AnnouncedListings, APageIsAskedForBeforeTheOneBeforeItIsRead) {
  bool waiting = false;
  store_->on_call([&](std::string, std::string) -> Task<void> {
    while (store_->count("list") == 2 && !waiting) co_await async::sleep_for(Milliseconds(1));
    co_await async::sleep_for(Milliseconds(1));
  });
  bool early = false;
  bool reading = false;
  announcing_->read = [&]() -> Task<void> {
    if (std::exchange(reading, true)) co_return;  // the page after it is there sooner than it is read
    early = co_await asked_for(3);
    co_await async::sleep_for(Milliseconds(5));
    EXPECT_EQ(store_->count("list"), 3U);
  };
  auto listing = must(run(fs_->list(at("/d"))));
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  waiting = true;
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  EXPECT_TRUE(early);
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  EXPECT_EQ(must(run(listing->next())).size(), 500U);
  EXPECT_TRUE(must(run(listing->next())).empty());
  EXPECT_EQ(store_->count("list"), 5U);
}

TEST_F(AnnouncedListings, AreNoMoreThanAPageAheadOfTheirReader) {
  auto listing = must(run(fs_->list(at("/d"))));
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  EXPECT_TRUE(run(asked_for(2)));
  run(async::sleep_for(Milliseconds(5)));
  EXPECT_EQ(store_->count("list"), 2U);
}

TEST_F(AnnouncedListings, OnlyThePagesOwnCursorCounts) {
  announcing_->announced = [](const std::string&) { return "d/4"; };
  bool reading = false;
  store_->on_call([&](std::string, std::string) -> Task<void> {
    while (store_->count("list") == 2 && !reading) co_await async::sleep_for(Milliseconds(1));
  });
  std::set<std::string> names;
  std::size_t shown = 0;
  auto read_all = [&](Listing& listing) -> Task<void> {  // in one go: a page is waited for before it is there
    reading = true;
    for (auto page = must(co_await listing.next()); !page.empty(); page = must(co_await listing.next())) {
      shown += page.size();
      for (const Entry& entry : page) names.insert(entry.name);
    }
  };
  run(read_all(*must(run(fs_->list(at("/d"))))));
  EXPECT_EQ(shown, 4500U);
  EXPECT_EQ(names.size(), 4500U);
  EXPECT_GT(store_->count("list"), 5U) << "it was believed at first";
}

TEST_F(AnnouncedListings, MayBeLeftBeforeAPageIsAnnounced) {
  bool left = false;
  store_->on_call([&](std::string, std::string) -> Task<void> {
    while (store_->count("list") == 2 && !left) co_await async::sleep_for(Milliseconds(1));
  });
  bool announced = false;
  announcing_->announced = [&](const std::string& cursor) {
    announced = announced || left;
    return cursor;
  };
  auto listing = must(run(fs_->list(at("/d"))));
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  left = true;
  listing.reset();
  fs_.reset();
  EXPECT_TRUE(run(comes_true([&] { return announced; }))) << "to nobody";
  EXPECT_EQ(store_->count("list"), 2U);
}

TEST_F(ObjectListings, AFailedPageIsNoEnd) {
  for (int i = 0; i < 1500; ++i) store_->set("d/" + std::to_string(i), "");
  int pages = 0;
  store_->on_call([&](std::string, std::string) -> Task<void> {
    if (++pages == 2) store_->fail_next("list", Errc::unavailable);
    co_return;
  });
  auto listing = must(run(fs_->list(at("/d"))));
  EXPECT_EQ(must(run(listing->next())).size(), 1000U);
  EXPECT_EQ(code(run(listing->next())), Errc::unavailable);
  EXPECT_EQ(must(run(fs_->stat(at("/d/1400")))).size, 0U) << "half a listing does not say what is missing";
}

TEST_F(ObjectListings, MayBeLeftEarly) {
  for (int i = 0; i < 2500; ++i) store_->set("d/" + std::to_string(i), "");
  store_->on_call([](std::string, std::string) -> Task<void> { co_await async::sleep_for(Milliseconds(20)); });
  auto listing = must(run(fs_->list(at("/d"))));
  listing.reset();
  fs_.reset();
  run(async::sleep_for(Milliseconds(40)));
}

TEST_F(ObjectListings, StaysBelowItsPrefix) {
  options_.prefix = "/users/alice";
  restart();
  store_->set("users/alice/f", "1");
  store_->set("users/alice-not/g", "1");
  store_->set("users/bob/h", "1");
  EXPECT_EQ(list("/"), Names{"f"});
  put("/new", "x");
  EXPECT_TRUE(store_->has("users/alice/new"));
}

TEST(ObjectKeys, SpellPaths) {
  const ObjectKeys whole("", 20);
  const ObjectKeys part("/a/b", 20);
  const Path path = *Path::absolute("/x/y");
  EXPECT_EQ(*whole.file(path), "x/y");
  EXPECT_EQ(*part.file(path), "a/b/x/y");
  EXPECT_EQ(*part.directory(path), "a/b/x/y/");
  EXPECT_EQ(*whole.directory(Path{}), "");
  EXPECT_EQ(*part.directory(Path{}), "a/b/");
  EXPECT_EQ(part.file(Path{}).error().code, Errc::is_directory);
  EXPECT_TRUE(whole.file(*Path::absolute("/" + std::string(19, 'n'))).has_value());
  EXPECT_EQ(whole.file(*Path::absolute("/" + std::string(20, 'n'))).error().code, Errc::bad_name);
  EXPECT_EQ(whole.file(*Path::absolute("/\xff")).error().code, Errc::bad_name);
}

TEST(ListingCacheTest, OwnChangesLieOverListings) {
  ListingCache cache(std::chrono::hours(1), std::chrono::hours(1));
  const Path directory = *Path::absolute("/d");
  const Path file = *Path::absolute("/d/f");
  const Entry entry = entry_named("f", 1, "one");
  EXPECT_FALSE(cache.find(file).has_value());
  EXPECT_TRUE(cache.seen(file, entry));
  cache.seen_all(directory, SteadyClock::now());
  EXPECT_EQ(cache.find(file)->entry->size, 1U);
  EXPECT_FALSE(cache.find(*Path::absolute("/d/other"))->entry.has_value());
  cache.removed(file);
  cache.seen(file, entry);
  EXPECT_FALSE(cache.find(file)->entry.has_value()) << "a page fetched before the removal";
  cache.wrote(file, entry_named("f", 2, "two"));
  cache.seen(file, entry);
  EXPECT_EQ(cache.find(file)->entry->size, 2U);
  cache.forget(directory);
  EXPECT_FALSE(cache.find(file).has_value());
  EXPECT_FALSE(cache.find(*Path::absolute("/d/other")).has_value());
}

TEST(ListingCacheTest, ForgetsWithTimeAndIsBounded) {
  ListingCache old(std::chrono::seconds(0), std::chrono::seconds(0));
  EXPECT_TRUE(old.seen(*Path::absolute("/f"), entry_named("f")));
  EXPECT_FALSE(old.find(*Path::absolute("/f")).has_value());
  ListingCache cache(std::chrono::hours(1), std::chrono::hours(1));
  bool all = true;
  for (std::size_t i = 0; i <= ListingCache::max_facts; ++i) {
    const std::string name = "f" + std::to_string(i);
    all = cache.seen(Path{}.child(name), entry_named(name)) && all;
  }
  EXPECT_FALSE(all);
  cache.wrote(*Path::absolute("/own"), entry_named("own"));
  EXPECT_TRUE(cache.find(*Path::absolute("/own")).has_value());
}

}  // namespace
}  // namespace gantry::vfs
