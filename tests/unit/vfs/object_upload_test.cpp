#include "vfs/open_object_upload.hpp"

#include "async/child.hpp"
#include "async/event.hpp"
#include "base/text.hpp"
#include "tests/unit/vfs/object_fixture.hpp"
#include "vfs/part_plan.hpp"
#include "vfs/part_window.hpp"

namespace gantry::vfs {
namespace {

TEST(PartSizes, DoubleEveryThousandParts) {
  const std::uint64_t most = 5 * gib;
  EXPECT_EQ(part_size_of(1, 8 * mib, most), 8 * mib);
  EXPECT_EQ(part_size_of(1000, 8 * mib, most), 8 * mib);
  EXPECT_EQ(part_size_of(1001, 8 * mib, most), 16 * mib);
  EXPECT_EQ(part_size_of(9001, 8 * mib, most), 4 * gib);
  EXPECT_EQ(part_size_of(10'000, 8 * mib, gib), gib);
  std::uint64_t reach = 0;
  for (std::uint64_t number = 1; number <= 10'000; ++number) reach += part_size_of(number, 8 * mib, most);
  EXPECT_GE(reach, 7 * tib);
}

TEST(PartSizes, KnownSizesFitTenThousandParts) {
  EXPECT_EQ(part_size_for(0, 10'000, 8 * mib), 8 * mib);
  EXPECT_EQ(part_size_for(80'000 * mib, 10'000, 8 * mib), 8 * mib);
  EXPECT_EQ(part_size_for(80'000 * mib + 1, 10'000, 8 * mib), 9 * mib);
  EXPECT_GE(part_size_for(5 * tib, 10'000, 8 * mib) * 10'000, 5 * tib);
}

TEST(CopyRanges, CoverEverythingWithoutSmallParts) {
  for (std::uint64_t size : {1 * mib, 5 * mib, gib - 1, gib, gib + 1, gib + 5 * mib - 1, gib + 5 * mib, 7 * gib + 3}) {
    std::uint64_t at = 0;
    for (const ByteRange& range : split_for_copy(size, gib, 5 * mib)) {
      EXPECT_EQ(range.offset, at);
      EXPECT_GE(range.length, std::min(size, 5 * mib)) << size;
      EXPECT_LT(range.length, gib + 5 * mib) << size;
      at += range.length;
    }
    EXPECT_EQ(at, size);
  }
  EXPECT_TRUE(split_for_copy(0, gib, 5 * mib).empty());
}

class ObjectUploads : public ObjectFixture {};

TEST_F(ObjectUploads, SmallFilesCarryTheirChecksum) {
  put("/f", "123456789");
  EXPECT_EQ(store_->metadata("f").at("crc64"), "995dc9bbdf1939fa");
  EXPECT_EQ(to_hex(*must(run(fs_->known_checksum(at("/f"), digest::Algorithm::crc64)))), "995dc9bbdf1939fa");
  EXPECT_EQ(to_hex(*must(run(fs_->known_checksum(at("/f"), digest::Algorithm::md5)))),
            "25f9e794323b453885f5181f1b624d0b");
  EXPECT_FALSE(must(run(fs_->known_checksum(at("/f"), digest::Algorithm::sha256))).has_value());
}

TEST_F(ObjectUploads, TheChecksumDoesNotOutliveItsContent) {
  use({.min_part = 16 * kib}, false);
  put("/f", "123456789");
  put("/f", "0", {.mode = UploadMode::append});
  const auto crc = must(run(fs_->known_checksum(at("/f"), digest::Algorithm::crc64)));
  ASSERT_TRUE(crc.has_value());
  EXPECT_NE(to_hex(*crc), "995dc9bbdf1939fa");
  put("/g", data(100 * kib));
  EXPECT_FALSE(must(run(fs_->known_checksum(at("/g"), digest::Algorithm::crc64))).has_value());
}

class ObjectUploadParts : public ObjectUploads {
 protected:
  /// The most parts of one upload that were on their way at once; `memory`: the byte budget.
  unsigned most_at_once(std::uint64_t memory) {
    use({.min_part = 16 * kib}, true, memory);
    const std::string content = data(64 * kib * 24);
    std::string_view left = content;
    unsigned begun = 0;
    unsigned answered = 0;
    unsigned most = 0;
    // The store answers one after the other, each time when the client waits for it: nothing more comes.
    store_->on_call([&](std::string operation, std::string) -> Task<void> {
      if (operation != "put_part") co_return;
      const unsigned number = begun++;
      most = std::max(most, begun - answered);
      while (answered < number) co_await async::sleep_for(Milliseconds(1));
      for (auto before = content.size() + 1; std::exchange(before, left.size()) != left.size();)
        co_await async::sleep_for(Milliseconds(1));
      ++answered;
    });
    options_.parts_in_flight = 3;
    restart();
    auto upload = open("/f");
    for (; !left.empty(); left.remove_prefix(16 * kib)) must(try_write(*upload, left.substr(0, 16 * kib)));
    must(run(upload->commit()));
    EXPECT_TRUE(store_->content("f") == content);
    return most;
  }
};

TEST_F(ObjectUploadParts, GoOutInParallelButBounded) {
  // Three on their way and one behind them are more than half of it.
  EXPECT_EQ(most_at_once(300 * kib), 3U);
}

TEST_F(ObjectUploadParts, AreMoreWhereThereIsMemoryAndTheStoreTakesThem) {
  const unsigned most = most_at_once(64 * mib);
  EXPECT_GE(most, 4U) << "the first acknowledged part makes room for one more";
  EXPECT_LE(most, 3 * PartWindow::growth);
}

TEST_F(ObjectUploadParts, GrowUnlessTheSizeIsAnnounced) {
  use({.min_part = kib}, true, 64 * mib);
  unsigned parts = 0;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    if (operation == "put_part") ++parts;
    co_return;
  });
  options_.part_size = kib;
  restart();
  put("/f", data(1100 * kib));
  EXPECT_EQ(std::exchange(parts, 0), 1050U);
  put("/f", data(1100 * kib), {.expected_size = 1100 * kib});
  EXPECT_EQ(std::exchange(parts, 0), 1100U);
  put("/f", data(1200 * kib), {.expected_size = 1100 * kib});
  EXPECT_EQ(parts, 1150U) << "more came than was announced";
}

TEST_F(ObjectUploads, MemoryIsGivenBackWhenPartsAreAcknowledged) {
  use({.min_part = 16 * kib}, true, 200 * kib);
  auto upload = open("/f");
  must(try_write(*upload, data(2 * mib)));
  EXPECT_LE(budget_->used(), 200 * kib + 64 * kib);
  must(run(upload->commit()));
  EXPECT_EQ(budget_->used(), 0U);
  EXPECT_TRUE(store_->content("f") == data(2 * mib));
}

TEST_F(ObjectUploads, AFullBudgetStopsNobodyForEver) {
  use({.min_part = 64 * kib}, true, 128 * kib);
  options_.part_size = 128 * kib;
  restart();
  // Somebody else holds everything and never gives it back.
  auto taken = budget_->first(128 * kib);
  put("/f", data(300 * kib));
  EXPECT_TRUE(store_->content("f") == data(300 * kib));
  EXPECT_EQ(budget_->used(), 128 * kib);
}

class ObjectUploadsInLittleMemory : public ObjectUploads {
 protected:
  void SetUp() override {
    ObjectUploads::SetUp();
    use({.min_part = 256 * kib}, true, 4 * mib);
    options_.part_size = 512 * kib;
    restart();
  }
  static Task<void> send(Upload& upload, std::size_t bytes) {
    while (bytes > 0) {
      auto room = must(co_await upload.prepare(bytes));
      std::ranges::fill(room, std::byte{'x'});
      must(co_await upload.advance(room.size()));
      bytes -= room.size();
    }
  }
  /// An upload whose client took long to send 64 KiB.
  std::unique_ptr<Upload> slow(std::string_view path) {
    auto upload = open(path);
    auto crawl = [&]() -> Task<void> {
      auto room = co_await upload->prepare(64 * kib);
      co_await async::sleep_for(Milliseconds(100));  // a MiB would take 1.6 seconds
      must(co_await upload->advance(room->size()));
    };
    run(crawl());
    return upload;
  }
};

TEST_F(ObjectUploadsInLittleMemory, ASlowClientGetsMemoryForAPartThatCanGoOrNone) {
  auto other = budget_->try_acquire(mib);
  auto upload = slow("/f");
  EXPECT_EQ(budget_->used(), mib + 64 * kib);
  must(run(upload->prepare(kib)));
  EXPECT_EQ(budget_->used(), mib + 256 * kib);
  must(try_write(*upload, data(192 * kib)));
  EXPECT_EQ(budget_->used(), mib + 256 * kib);
  run(upload->abort());
  EXPECT_EQ(budget_->used(), mib);
}

TEST_F(ObjectUploadsInLittleMemory, WhatIsPromisedComesBackWithASmallFile) {
  auto other = budget_->try_acquire(mib);
  auto upload = slow("/f");
  must(try_write(*upload, data(kib)));
  must(run(upload->commit()));
  EXPECT_EQ(budget_->used(), mib);
  EXPECT_EQ(store_->content("f").size(), 65 * kib);
}

TEST_F(ObjectUploadsInLittleMemory, AQuickClientSendsWholePartsBesideSlowOnes) {
  auto slow_ones = budget_->try_acquire(3 * mib, async::Return::late);
  ASSERT_EQ(slow_ones.bytes(), 3 * mib);
  std::uint64_t most = 0;
  store_->on_call([&](std::string, std::string) -> Task<void> {
    most = std::max(most, budget_->used());
    co_return;
  });
  put("/fast", data(2 * mib));
  EXPECT_LE(store_->count("put_part"), 5U);
  EXPECT_LE(most, 4 * mib) << "within the budget: nobody had to be let through";
  EXPECT_TRUE(store_->content("fast") == data(2 * mib));
}

TEST_F(ObjectUploadsInLittleMemory, SlowClientsGoOnInTurn) {
  auto others = budget_->try_acquire(2 * mib + 512 * kib, async::Return::late);
  std::vector<std::unique_ptr<Upload>> uploads;
  for (const char* path : {"/a", "/b", "/c"}) uploads.push_back(slow(path));
  auto scene = [&]() -> Task<void> {
    // There is room for one part; each of the others is sent on when the one before it has gone.
    async::TaskGroup group(co_await asio::this_coro::executor);
    for (auto& upload : uploads) {
      group.spawn("rest", send(*upload, 448 * kib));
    }
    co_await group.join();
    for (auto& upload : uploads) must(co_await upload->commit());
  };
  run(scene());
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(store_->content(key).size(), 512 * kib);
  EXPECT_EQ(budget_->used(), others.bytes());
}

TEST_F(ObjectUploads, WaitingForMemoryCanBeCancelled) {
  use({.min_part = 64 * kib}, true, 64 * kib);
  options_.part_size = mib;
  restart();
  auto other = open("/other");
  must(try_write(*other, data(64 * kib)));
  auto upload = open("/f");
  must(try_write(*upload, data(64 * kib)));
  auto more = budget_->first(64 * kib);
  Errc seen = Errc::internal;
  auto wait = [&]() -> Task<void> {
    // Each may exceed the budget for a turn; what matters here is that the wait ends at once when asked.
    for (;;) {
      auto room = co_await upload->prepare(64 * kib);
      if (!room) {
        seen = room.error().code;
        co_return;
      }
      if (auto done = co_await upload->advance(room->size()); !done) co_return;
      if (co_await async::cancelled()) {
        seen = Errc::cancelled;
        co_return;
      }
    }
  };
  store_->on_call([](std::string operation, std::string) -> Task<void> {
    if (operation == "put_part") co_await async::sleep_for(std::chrono::minutes(5));
  });
  auto scene = [&]() -> Task<void> {
    async::Child child(co_await asio::this_coro::executor, "wait", wait());
    co_await async::sleep_for(Milliseconds(50));
    child.cancel();
    co_await child.join();
    co_await upload->abort();
    co_await other->abort();
  };
  run(scene());
  EXPECT_EQ(seen, Errc::cancelled);
  EXPECT_EQ(budget_->used(), 64 * kib);
  EXPECT_EQ(store_->open_uploads(), 0U);
}

TEST_F(ObjectUploads, TooLargeIsSaidEarly) {
  options_.max_file_size = 100 * kib;
  restart();
  EXPECT_EQ(code(run(fs_->open_upload(at("/f"), {.expected_size = 100 * kib + 1}))), Errc::too_large);
  auto upload = open("/f");
  EXPECT_EQ(code(try_write(*upload, data(200 * kib))), Errc::too_large);
  run(upload->abort());
  EXPECT_FALSE(store_->has("f"));
  EXPECT_EQ(store_->open_uploads(), 0U);
  put("/fits", data(100 * kib));
}

TEST_F(ObjectUploads, AFailedPartEndsTheUpload) {
  store_->fail_next("put_part", Errc::unavailable);
  auto upload = open("/f");
  EXPECT_EQ(code(try_write(*upload, data(4 * mib))), Errc::unavailable);
  run(upload->abort());
  EXPECT_EQ(store_->open_uploads(), 0U);
  EXPECT_EQ(budget_->used(), 0U);
}

TEST_F(ObjectUploads, TheLookAtTheTargetRunsBesideTheData) {
  store_->set("d/below", "x");
  bool answered = false;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    while (operation == "list" && !answered) co_await async::sleep_for(Milliseconds(1));
  });
  auto upload = open("/d");  // would never return if it waited for the store
  must(try_write(*upload, data(10)));
  answered = true;
  EXPECT_EQ(code(run(upload->commit())), Errc::is_directory);
  EXPECT_FALSE(store_->has("d"));
  auto orphan = open("/no/f");
  EXPECT_EQ(code(run(orphan->commit())), Errc::not_found);
  EXPECT_TRUE(store_->keys() == std::vector<std::string>{"d/below"});
}

TEST_F(ObjectUploads, AnUncertainFinishIsNeverAborted) {
  store_->on_call({});
  auto upload = open("/f");
  must(try_write(*upload, data(200 * kib)));
  struct Uncertain : test::MemoryStore {
    using MemoryStore::MemoryStore;
    Task<Result<object::PutResult>> finish_parts(std::string, std::string, std::vector<object::PartInfo>,
                                                 bool) override {
      co_return fail(Errc::unavailable, "finish_parts", "uncertain: the answer was lost");
    }
  };
  run(upload->abort());
  auto uncertain = std::make_shared<Uncertain>(test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}});
  fs_ = std::make_unique<ObjectFileSystem>(uncertain, options_);
  auto second = open("/f");
  must(try_write(*second, data(200 * kib)));
  auto done = run(second->commit());
  EXPECT_EQ(code(done), Errc::unavailable);
  EXPECT_TRUE(done.error().detail.starts_with("uncertain")) << done.error().detail;
  EXPECT_EQ(uncertain->count("abort_parts"), 0U);
  EXPECT_EQ(uncertain->open_uploads(), 1U);
}

TEST_F(ObjectUploads, AWrongObjectIsNoSuccess) {
  struct Liar : test::MemoryStore {
    using MemoryStore::MemoryStore;
    Task<Result<object::PutResult>> finish_parts(std::string key, std::string id, std::vector<object::PartInfo> parts,
                                                 bool create_only) override {
      parts.pop_back();
      co_return co_await MemoryStore::finish_parts(key, id, parts, create_only);
    }
  };
  for (bool crc64 : {true, false}) {
    auto liar = std::make_shared<Liar>(test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .crc64 = crc64});
    fs_ = std::make_unique<ObjectFileSystem>(liar, options_);
    auto upload = open("/f");
    must(try_write(*upload, data(200 * kib)));
    EXPECT_EQ(code(run(upload->commit())), Errc::corrupt);
    EXPECT_FALSE(liar->has("f"));
  }
}

TEST_F(ObjectUploads, AreProvedAsTheSettingAsks) {
  struct Witness : test::MemoryStore {
    using MemoryStore::MemoryStore;
    Task<Result<object::PutResult>> put(std::string key, Chunks body, object::Integrity integrity,
                                        object::PutOptions how) override {
      if (!integrity.md5.empty()) ++md5s;
      co_return co_await MemoryStore::put(std::move(key), std::move(body), std::move(integrity), std::move(how));
    }
    Task<Result<object::PartInfo>> put_part(object::PartTarget target, Chunks body,
                                            object::Integrity integrity) override {
      if (!integrity.md5.empty()) ++md5s;
      co_return co_await MemoryStore::put_part(std::move(target), std::move(body), std::move(integrity));
    }
    unsigned md5s = 0;
  };
  struct Row {
    Verify verify;
    bool crc64;      // the store answers it
    unsigned md5s;   // sent, with one PUT and four parts
    unsigned small;  // HEAD requests after a PUT
    unsigned large;  // after a join, whose ETag proves it
  };
  for (const Row& row : {Row{Verify::automatic, true, 0, 0, 0}, Row{Verify::strong, true, 5, 1, 1},
                         Row{Verify::size, true, 0, 0, 0}, Row{Verify::automatic, false, 5, 0, 0},
                         Row{Verify::strong, false, 5, 1, 1}, Row{Verify::size, false, 0, 1, 0}}) {
    SCOPED_TRACE(testing::Message() << static_cast<int>(row.verify) << " crc64 " << row.crc64);
    auto witness =
        std::make_shared<Witness>(test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .crc64 = row.crc64});
    options_.verify = row.verify;
    options_.store_keeps_crc64 = row.crc64;
    fs_ = std::make_unique<ObjectFileSystem>(witness, options_);
    put("/small", data(1000));
    EXPECT_EQ(witness->count("head"), row.small);
    witness->reset_counts();
    put("/large", data(200 * kib));
    EXPECT_EQ(witness->count("put_part"), 4U);
    EXPECT_EQ(witness->count("head"), row.large);
    EXPECT_EQ(witness->md5s, row.md5s);
  }
}

TEST_F(ObjectUploads, StrongRemovesWhatNoChecksumProves) {
  // As of a store that encrypts: neither of the parts' MD5 nor of the whole.
  struct Opaque : test::MemoryStore {
    using MemoryStore::MemoryStore;
    Task<Result<object::PutResult>> finish_parts(std::string key, std::string id, std::vector<object::PartInfo> parts,
                                                 bool create_only) override {
      auto finished = co_await MemoryStore::finish_parts(key, id, parts, create_only);
      if (finished) finished->etag = "opaque";
      co_return finished;
    }
    Task<Result<object::ObjectInfo>> head(std::string key) override {
      auto info = co_await MemoryStore::head(key);
      if (info) info->etag = "opaque";
      co_return info;
    }
  };
  for (bool crc64 : {true, false}) {
    for (Verify verify : {Verify::automatic, Verify::strong, Verify::size}) {
      auto opaque =
          std::make_shared<Opaque>(test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .crc64 = crc64});
      options_.verify = verify;
      fs_ = std::make_unique<ObjectFileSystem>(opaque, options_);
      auto upload = open("/f");
      must(try_write(*upload, data(200 * kib)));
      const bool proved = crc64 || verify != Verify::strong;
      const auto done = run(upload->commit());
      EXPECT_EQ(done.has_value(), proved);
      EXPECT_EQ(opaque->has("f"), proved);
      if (!done) EXPECT_EQ(done.error().code, Errc::corrupt);
    }
  }
}

TEST_F(ObjectUploads, AppendIsPinnedToTheObjectItBeganWith) {
  store_->set("f", data(300 * kib, 1));
  auto upload = open("/f", {.mode = UploadMode::append});
  must(try_write(*upload, data(10)));
  store_->set("f", data(300 * kib, 2));
  EXPECT_EQ(code(run(upload->commit())), Errc::conflict);
  EXPECT_TRUE(store_->content("f") == data(300 * kib, 2));
  EXPECT_EQ(store_->open_uploads(), 0U);
}

TEST_F(ObjectUploads, AppendKeepsTheMetadataThatStillHolds) {
  store_->set("f", data(300 * kib),
              {.metadata = {{"mtime", "1"}, {"crc64", "0"}, {"colour", "red"}}, .content_type = "text/plain"});
  put("/f", "more", {.mode = UploadMode::append});
  EXPECT_EQ(store_->metadata("f"), (object::Metadata{{"colour", "red"}}));
}

}  // namespace
}  // namespace gantry::vfs
