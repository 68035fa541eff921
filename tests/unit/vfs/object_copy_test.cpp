#include "vfs/object_copy.hpp"

#include "async/child.hpp"
#include "async/event.hpp"
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

class ObjectCopies : public ObjectFixture {
 protected:
  void fill(std::size_t files) {
    store_->set("d/", "");
    for (std::size_t i = 0; i < files; ++i) store_->set("d/" + std::to_string(i), data(100, static_cast<unsigned>(i)));
  }
};

TEST_F(ObjectCopies, AFailedDirectoryRenameChangesNothing) {
  for (std::size_t bad = 0; bad < 20; ++bad) {
    use({.min_part = 16 * kib});
    fill(20);
    const auto before = store_->keys();
    std::size_t copies = 0;
    store_->on_call([&](std::string operation, std::string) -> Task<void> {
      if (operation == "copy" && copies++ == bad) store_->fail_next("copy", Errc::unavailable);
      co_return;
    });
    EXPECT_EQ(code(run(fs_->rename(at("/d"), at("/e")))), Errc::unavailable);
    EXPECT_EQ(store_->keys(), before) << "copy " << bad;
  }
}

TEST_F(ObjectCopies, WhatIsOnItsWayWhenOneFailsIsNotBrokenOff) {
  fill(8);
  const auto before = store_->keys();
  int copies = 0;
  int broken_off = 0;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    if (operation != "copy") co_return;
    if (++copies == 5) {
      store_->fail_next("copy", Errc::denied);
      co_return;
    }
    if (!co_await async::sleep_for(Milliseconds(20))) ++broken_off;
  });
  EXPECT_EQ(code(run(fs_->rename(at("/d"), at("/e")))), Errc::denied);
  EXPECT_EQ(broken_off, 0) << "the store may still make such a copy, after the undo";
  EXPECT_EQ(store_->keys(), before);
  EXPECT_TRUE(must(run(renames_->records("main"))).empty());
}

TEST_F(ObjectCopies, ACancelledDirectoryRenameChangesNothing) {
  fill(200);
  const auto before = store_->keys();
  store_->on_call([](std::string operation, std::string) -> Task<void> {
    if (operation == "copy") co_await async::sleep_for(Milliseconds(10));
  });
  std::optional<Errc> seen;
  auto work = [&]() -> Task<void> {
    auto renamed = co_await fs_->rename(at("/d"), at("/e"));
    seen = code(renamed);
  };
  auto scene = [&]() -> Task<void> {
    async::Child child(co_await asio::this_coro::executor, "rename", work());
    co_await async::sleep_for(Milliseconds(25));
    child.cancel();
    co_await child.join();
  };
  run(scene());
  EXPECT_EQ(seen, Errc::cancelled);
  EXPECT_EQ(store_->keys(), before);
}

TEST_F(ObjectCopies, SourcesGoOnlyAfterAllCopies) {
  fill(30);
  bool removed = false;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    if (operation == "copy") {
      EXPECT_FALSE(removed);
      co_await async::sleep_for(Milliseconds(1));
    }
    if (operation == "remove_many") removed = true;
  });
  must(run(fs_->rename(at("/d"), at("/e"))));
  EXPECT_EQ(store_->keys().size(), 31U);
  EXPECT_TRUE(store_->has("e/29"));
  EXPECT_FALSE(store_->has("d/"));
}

TEST_F(ObjectCopies, AFailedRemovalLosesNothing) {
  fill(3);
  store_->fail_next("remove_many", Errc::unavailable);
  EXPECT_EQ(code(run(fs_->rename(at("/d"), at("/e")))), Errc::unavailable);
  for (const char* key : {"d/0", "d/2", "e/0", "e/2"}) EXPECT_TRUE(store_->has(key)) << key;
}

TEST_F(ObjectCopies, TooManyKeysAreRefusedBeforeAnyCopy) {
  fill(10);
  options_.max_rename_objects = 5;
  restart();
  EXPECT_EQ(code(run(fs_->rename(at("/d"), at("/e")))), Errc::too_large);
  EXPECT_EQ(store_->count("copy"), 0U);
}

TEST_F(ObjectCopies, LargeObjectsAreCopiedInPartsWithTheirMetadata) {
  for (bool crc64 : {true, false}) {
    use({.min_part = 16 * kib, .max_part = 128 * kib, .max_put = 128 * kib}, crc64);
    store_->set("f", data(500 * kib), {.metadata = {{"mtime", "1000"}}, .content_type = "text/plain"});
    must(run(fs_->rename(at("/f"), at("/g"))));
    EXPECT_EQ(store_->count("copy"), 0U);
    EXPECT_GE(store_->count("copy_part"), 4U);
    EXPECT_TRUE(store_->content("g") == data(500 * kib));
    EXPECT_EQ(store_->metadata("g"), (object::Metadata{{"mtime", "1000"}}));
    EXPECT_FALSE(store_->has("f"));
    EXPECT_EQ(store_->open_uploads(), 0U);
    must(run(fs_->set_time(at("/g"), WallTime{Seconds(5)})));
    EXPECT_EQ(must(run(fs_->stat(at("/g")))).modified, WallTime{Seconds(5)});
    EXPECT_TRUE(store_->content("g") == data(500 * kib));
  }
}

TEST_F(ObjectCopies, AFailedCopyKeepsTheSource) {
  store_->set("f", "content");
  store_->set("g", "old");
  store_->fail_next("copy", Errc::unavailable);
  EXPECT_EQ(code(run(fs_->rename(at("/f"), at("/g")))), Errc::unavailable);
  EXPECT_EQ(store_->content("f"), "content");
  EXPECT_EQ(store_->content("g"), "old");
}

TEST_F(ObjectCopies, ASourceThatChangedIsNotRemoved) {
  store_->set("f", "content");
  must(run(fs_->stat(at("/f"))));
  store_->set("f", "changed");
  EXPECT_EQ(code(run(fs_->rename(at("/f"), at("/g")))), Errc::conflict);
  EXPECT_EQ(store_->content("f"), "changed");
  EXPECT_FALSE(store_->has("g"));
}

TEST_F(ObjectCopies, MovingTheLastFileAwayKeepsItsDirectory) {
  store_->set("d/f", "x");
  store_->set("e/", "");
  must(run(fs_->rename(at("/d/f"), at("/e/f"))));
  EXPECT_TRUE(store_->has("d/"));
  EXPECT_EQ(must(run(fs_->stat(at("/d")))).kind, Kind::directory);
}

}  // namespace
}  // namespace gantry::vfs
