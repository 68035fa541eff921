// The object file system on a bucket whose listings lag, as COS's do: what this process did shows at once, in every
// session.
#include "vfs/settled_store.hpp"

#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

using Names = std::vector<std::string>;

class SettledStoreTest : public ObjectFixture {
 protected:
  void SetUp() override {
    ObjectFixture::SetUp();
    expect_eventual_listings();
  }
  /// From now on listings stay as they are.
  void freeze() {
    store_->lag_listings(test::MemoryStore::all_writes);
    restart();
  }
  std::vector<Entry> entries(std::string_view path) {
    std::vector<Entry> all;
    auto listing = must(run(fs_->list(at(path))));
    for (auto page = must(run(listing->next())); !page.empty(); page = must(run(listing->next())))
      std::ranges::move(page, std::back_inserter(all));
    return all;
  }
};

TEST_F(SettledStoreTest, AnUploadIsListedAtOnceInEverySession) {
  must(run(fs_->make_directory(at("/d"))));
  freeze();
  put("/d/small", "12345");
  put("/d/large", data(200 * kib));
  must(run(fs_->make_directory(at("/d/sub"))));
  put("/d/sub/below", "x");
  for (int session = 0; session < 2; ++session, restart()) {
    EXPECT_EQ(list("/d"), (Names{"large", "small", "sub/"}));
    EXPECT_EQ(list("/d/sub"), Names{"below"});
    EXPECT_EQ(entries("/d").at(0).size, 200 * kib);
    must(run(fs_->enter(at("/d/sub"))));
  }
}

TEST_F(SettledStoreTest, WhatWasRemovedIsGoneAtOnceInEverySession) {
  must(run(fs_->make_directory(at("/d"))));
  put("/d/a", "1");
  put("/d/b", "2");
  must(run(fs_->make_directory(at("/d/sub"))));
  freeze();
  must(run(fs_->remove_file(at("/d/a"))));
  must(run(fs_->remove_directory(at("/d/sub"))));
  restart();
  EXPECT_EQ(list("/d"), Names{"b"});
  EXPECT_EQ(code(run(fs_->enter(at("/d/sub")))), Errc::not_found);
  EXPECT_EQ(code(run(fs_->list(at("/d/sub")))), Errc::not_found);
}

TEST_F(SettledStoreTest, AnOverwrittenFileShowsItsNewSizeAndTime) {
  store_->set("f", "old", {}, wall_now() - std::chrono::hours(1));
  freeze();
  put("/f", "much longer");
  const Entry entry = entries("/").at(0);
  EXPECT_EQ(entry.size, 11U);
  EXPECT_GT(entry.modified, wall_now() - std::chrono::minutes(1));
}

TEST_F(SettledStoreTest, WhatOthersWriteLaterWins) {
  put("/mine", "mine");
  put("/gone", "x");
  must(run(fs_->remove_file(at("/gone"))));
  const WallTime later = wall_now() + std::chrono::minutes(1);
  store_->set("mine", "theirs, longer", {}, later);
  store_->set("gone", "back", {}, later);
  restart();
  EXPECT_EQ(list("/"), (Names{"gone", "mine"}));
  EXPECT_EQ(entries("/").at(1).size, 14U);
}

TEST_F(SettledStoreTest, AnEmptiedDirectoryIsRemovedAlthoughItsFilesAreStillListed) {
  for (int i = 0; i < 200; ++i) store_->set("p/d/" + std::to_string(i), "x", {}, wall_now() - std::chrono::hours(1));
  store_->set("p/z", "x");
  freeze();
  for (int i = 0; i < 200; ++i) must(run(fs_->remove_file(at("/p/d/" + std::to_string(i)))));
  restart();
  EXPECT_EQ(list("/p/d"), Names{});
  must(run(fs_->remove_directory(at("/p/d"))));
  EXPECT_EQ(store_->keys(), Names{"p/z"});
  restart();
  EXPECT_EQ(code(run(fs_->enter(at("/p/d")))), Errc::not_found);
  EXPECT_EQ(list("/p"), Names{"z"});
}

TEST_F(SettledStoreTest, ADirectoryWithAFreshFileIsNotRemoved) {
  must(run(fs_->make_directory(at("/d"))));
  freeze();
  put("/d/f", "x");
  restart();
  EXPECT_EQ(code(run(fs_->remove_directory(at("/d")))), Errc::not_empty);
  EXPECT_EQ(store_->content("d/f"), "x");
  EXPECT_TRUE(store_->has("d/"));
}

TEST_F(SettledStoreTest, ARenamedDirectoryTakesWhatIsFreshAndNothingThatIsGone) {
  for (const char* name : {"stays", "changes", "goes"}) {
    store_->set(std::string("d/") + name, "old", {}, wall_now() - std::chrono::hours(1));
  }
  freeze();
  put("/d/changes", "changed");
  put("/d/fresh", "fresh");
  must(run(fs_->remove_file(at("/d/goes"))));
  must(run(fs_->rename(at("/d"), at("/e"))));
  EXPECT_EQ(store_->keys(), (Names{"e/changes", "e/fresh", "e/stays"}));
  EXPECT_EQ(store_->content("e/changes"), "changed");
  for (int session = 0; session < 2; ++session, restart()) {
    EXPECT_EQ(list("/"), Names{"e/"});
    EXPECT_EQ(list("/e"), (Names{"changes", "fresh", "stays"}));
    EXPECT_EQ(code(run(fs_->enter(at("/d")))), Errc::not_found);
  }
}

TEST_F(SettledStoreTest, ARenamedFileMovesInListings) {
  store_->set("d/a", "12345", {}, wall_now() - std::chrono::hours(1));
  store_->set("d/z", "z");
  freeze();
  must(run(fs_->rename(at("/d/a"), at("/d/b"))));
  restart();
  EXPECT_EQ(list("/d"), (Names{"b", "z"}));
  EXPECT_EQ(entries("/d").at(0).size, 5U);
}

TEST_F(SettledStoreTest, AGivenTimeIsShownInEverySession) {
  const WallTime given{Seconds(1'000'000'000)};
  for (bool frozen : {false, true}) {
    if (frozen) freeze();
    put("/f", "12345");
    must(run(fs_->set_time(at("/f"), given)));
    restart();
    EXPECT_EQ(entries("/").at(0).modified, given);
    must(run(fs_->rename(at("/f"), at("/g"))));
    restart();
    EXPECT_EQ(entries("/").at(0).modified, given) << "the time goes with the file";
    put("/g", "12345");
    restart();
    EXPECT_GT(entries("/").at(0).modified, given);
    must(run(fs_->remove_file(at("/g"))));
  }
}

TEST_F(SettledStoreTest, FreshFilesComeInPagesForNoMoreRequestsThanOthers) {
  for (int i = 0; i < 1500; ++i) store_->set("d/" + std::to_string(i * 2), "x");
  freeze();
  for (int i = 0; i < 1000; ++i) put("/d/" + std::to_string(i * 2 + 1), "");
  restart();
  requests();
  EXPECT_EQ(list("/d").size(), 2500U);
  EXPECT_EQ(requests(), 3U);
}

TEST_F(SettledStoreTest, AFailedWriteLeavesWhatWasKnown) {
  freeze();
  put("/f", "x");
  store_->fail_next("put", Errc::denied);
  auto upload = open("/f");
  must(try_write(*upload, "y"));
  EXPECT_EQ(code(run(upload->commit())), Errc::denied);
  store_->fail_next("remove", Errc::denied);
  EXPECT_EQ(code(run(fs_->remove_file(at("/f")))), Errc::denied);
  restart();
  EXPECT_EQ(list("/"), Names{"f"});
}

TEST_F(SettledStoreTest, AnUnknownOutcomeIsLeftToTheListing) {
  put("/f", "x");
  store_->lose_answer("remove", Errc::unavailable);
  EXPECT_EQ(code(run(fs_->remove_file(at("/f")))), Errc::unavailable);
  restart();
  EXPECT_EQ(list("/"), Names{});
  EXPECT_EQ(recent_->size(), 0U);
}

}  // namespace
}  // namespace gantry::vfs
