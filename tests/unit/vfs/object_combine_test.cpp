// Objects joined by the store: what it costs, how it is proved, and that nothing changes unless all of it is there.
#include "async/child.hpp"
#include "async/event.hpp"
#include "digest/digest.hpp"
#include "tests/unit/vfs/object_fixture.hpp"

namespace gantry::vfs {
namespace {

using digest::Algorithm;

class ObjectCombine : public ObjectFixture {
 protected:
  /// Sources /d/0, /d/1, ... of these sizes; what they make together.
  std::string make(const std::vector<std::size_t>& sizes) {
    std::string whole;
    sources_.clear();
    store_->set("d/", "");
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::string content = data(sizes[i], static_cast<unsigned>(i) + 2);
      store_->set("d/" + std::to_string(i), content);
      sources_.push_back(at("/d/" + std::to_string(i)));
      whole += content;
    }
    return whole;
  }
  Result<Combined> join(CombineOptions options = {}) {
    return run(fs_->combine(at("/d/whole"), sources_, std::move(options)));
  }
  bool sources_whole(const std::vector<std::size_t>& sizes) {
    for (std::size_t i = 0; i < sizes.size(); ++i)
      if (store_->content("d/" + std::to_string(i)) != data(sizes[i], static_cast<unsigned>(i) + 2)) return false;
    return true;
  }
  void hook(std::function<void(const std::string& operation, const std::string& key)> what) {
    store_->on_call([what](std::string operation, std::string key) -> Task<void> {
      what(operation, key);
      co_return;
    });
  }

  std::vector<Path> sources_;
};

TEST_F(ObjectCombine, NothingIsDownloaded) {
  const std::string whole = make({40'000, 16 * kib, 300'000, 5});
  must(run(fs_->list(at("/d"))));
  store_->reset_counts();
  std::uint64_t told = 0;
  must(join({.progress = [&](std::uint64_t bytes) { told = bytes; }}));
  EXPECT_EQ(told, whole.size());
  EXPECT_EQ(store_->count("head"), 8U);
  EXPECT_EQ(store_->count("copy_part"), 4U);
  EXPECT_EQ(store_->count("remove_many"), 1U);
  for (const char* none : {"get", "put", "put_part", "list_parts", "remove"})
    EXPECT_EQ(store_->count(none), 0U) << none;
  EXPECT_LE(store_->count("list"), 2U) << "the target and its directory";
  EXPECT_EQ(store_->count() - store_->count("list"), 8U + 4U + 3U);
  EXPECT_TRUE(store_->content("d/whole") == whole);
  EXPECT_EQ(store_->keys(), (std::vector<std::string>{"d/", "d/whole"}));
  EXPECT_TRUE(must(run(ledger_->records("main"))).empty());
}

TEST_F(ObjectCombine, SmallPiecesPassThroughInAnyMixture) {
  const std::vector<std::vector<std::size_t>> mixtures{
      {5},
      {0, 0},
      {1, 2, 3},
      {16 * kib - 1, 16 * kib, 16 * kib + 1},
      {1, 16 * kib, 1},
      {1, 16 * kib + 16 * kib - 1, 40'000},
      {5, 40'000, 3, 2, 100'000, 1, 0, 16 * kib, 70'000, 10},
      {70'000, 100, 70'000, 100, 70'000, 100},
      std::vector<std::size_t>(60, 3000),
  };
  for (bool crc64 : {true, false}) {
    for (const auto& sizes : mixtures) {
      use({.min_part = 16 * kib}, crc64);
      const std::string whole = make(sizes);
      const Combined done = must(join());
      EXPECT_EQ(done.entry.size, whole.size());
      EXPECT_TRUE(store_->content("d/whole") == whole);
      EXPECT_EQ(store_->keys(), (std::vector<std::string>{"d/", "d/whole"}));
      EXPECT_EQ(budget_->used(), 0U);
      EXPECT_EQ(store_->open_uploads(), 0U);
    }
  }
}

TEST_F(ObjectCombine, SourcesAboveOnePartAreCopiedInRanges) {
  use({.min_part = 16 * kib, .max_put = 64 * kib});
  const std::string whole = make({200'000, 30'000, 150'000});
  store_->reset_counts();
  must(join());
  EXPECT_GE(store_->count("copy_part"), 8U);
  EXPECT_EQ(store_->count("get"), 0U);
  EXPECT_TRUE(store_->content("d/whole") == whole);
}

TEST_F(ObjectCombine, ScarceMemoryDoesNotStopIt) {
  use({.min_part = 16 * kib}, true, 64 * kib);
  const std::string whole = make({3000, 3000, 40'000, 3000, 15'000, 15'000, 90'000, 7});
  must(join());
  EXPECT_TRUE(store_->content("d/whole") == whole);
}

TEST_F(ObjectCombine, TheChecksumOfTheWholeIsKnownWhereThoseOfThePartsAre) {
  options_.digest_book = make_memory_digest_book();
  use({.min_part = 16 * kib}, false);
  store_->set("d/", "");
  std::string whole;
  std::vector<Path> sources;
  for (std::size_t size : std::vector<std::size_t>{100'000, 3000, 200'000, 20'000, 4}) {
    const std::string content = data(size, static_cast<unsigned>(size));
    const std::string name = "/d/" + std::to_string(size);
    put(name, content);
    sources.push_back(at(name));
    whole += content;
  }
  restart();
  must(run(fs_->combine(at("/d/whole"), sources, {})));
  restart();
  EXPECT_EQ(must(run(fs_->known_checksum(at("/d/whole"), Algorithm::crc64))),
            digest::hash(Algorithm::crc64, as_byte_view(whole)));
  EXPECT_EQ(must(run(fs_->known_checksum(at("/d/whole"), Algorithm::sha256))), std::nullopt);
}

TEST_F(ObjectCombine, ItStandsInTheLedgerWhileItRuns) {
  make({40'000, 40'000});
  std::size_t seen = 0;
  store_->on_call([&](std::string operation, std::string) -> Task<void> {
    if (operation != "copy_part") co_return;
    const auto records = (co_await ledger_->records("main")).value();
    if (records.size() == 1 && records.front().name.key == "d/whole" && !records.front().upload.upload_id.empty())
      ++seen;
  });
  must(join());
  EXPECT_EQ(seen, 2U);
  EXPECT_TRUE(must(run(ledger_->records("main"))).empty());
}

/// A store that copies something else of the same length.
class Confused : public test::MemoryStore {
 public:
  using MemoryStore::MemoryStore;
  bool confused = false;
  bool forgetful = false;
  [[nodiscard]] Task<Result<object::PartInfo>> copy_part(object::PartTarget target, std::string from, ByteRange range,
                                                         std::string if_match) override {
    if (confused) co_return co_await MemoryStore::copy_part(std::move(target), "decoy", range, {});
    co_return co_await MemoryStore::copy_part(std::move(target), std::move(from), range, std::move(if_match));
  }
  [[nodiscard]] Task<Result<std::vector<object::PartInfo>>> list_parts(std::string key, std::string id) override {
    auto parts = co_await MemoryStore::list_parts(std::move(key), std::move(id));
    if (parts && forgetful) --parts->back().size;
    co_return parts;
  }
};

TEST_F(ObjectCombine, PartsThatAreNotWhatWasAskedForAreNeverJoined) {
  for (bool crc64 : {true, false}) {
    use({.min_part = 16 * kib}, crc64);
    auto store = std::make_shared<Confused>(test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .crc64 = crc64});
    store->confused = crc64;
    store->forgetful = !crc64;
    store_ = store;
    restart();
    const std::vector<std::size_t> sizes{40'000, 40'000};
    make(sizes);
    store_->set("decoy", data(40'000, 99));
    store_->set("d/whole", "old");
    EXPECT_EQ(code(join()), Errc::corrupt);
    EXPECT_EQ(store_->content("d/whole"), "old");
    EXPECT_TRUE(sources_whole(sizes));
    EXPECT_EQ(store_->open_uploads(), 0U);
    EXPECT_EQ(store_->count("finish_parts"), 0U);
  }
}

/// A store that damages what it hands out, once.
class Damaging : public test::MemoryStore {
 public:
  using MemoryStore::MemoryStore;
  std::size_t good_reads = 0;
  [[nodiscard]] Task<Result<std::unique_ptr<object::Body>>> get(std::string key, object::GetOptions how) override {
    auto body = co_await MemoryStore::get(std::move(key), std::move(how));
    if (body && good_reads-- == 0) body = std::make_unique<Damaged>(std::move(*body));
    co_return body;
  }

 private:
  class Damaged : public object::Body {
   public:
    explicit Damaged(std::unique_ptr<object::Body> body) : body_(std::move(body)) {}
    [[nodiscard]] const object::ObjectInfo& info() const override { return body_->info(); }
    [[nodiscard]] ByteRange range() const override { return body_->range(); }
    [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes buffer) override {
      auto count = co_await body_->read(buffer);
      if (count && *count > 0) buffer.front() ^= std::byte{1};
      co_return count;
    }

   private:
    std::unique_ptr<object::Body> body_;
  };
};

TEST_F(ObjectCombine, WhatIsReadBackIsProved) {
  for (bool crc64 : {true, false}) {
    const std::vector<std::size_t> sizes{3000, 40'000, 9};
    std::size_t failed = 0;
    for (std::size_t good = 0; good < 6; ++good) {
      use({.min_part = 16 * kib}, crc64);
      auto store =
          std::make_shared<Damaging>(test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .crc64 = crc64});
      store->good_reads = good;
      store_ = store;
      restart();
      const std::string whole = make(sizes);
      if (const auto done = join()) {
        EXPECT_TRUE(store_->content("d/whole") == whole);
        continue;
      }
      ++failed;
      EXPECT_FALSE(store_->has("d/whole"));
      EXPECT_TRUE(sources_whole(sizes));
    }
    EXPECT_EQ(failed, store_->count("get")) << "every one of the reads counts";
  }
}

TEST_F(ObjectCombine, ASourceThatChangesMeanwhileFailsTheJoinAndStays) {
  for (const char* when : {"start_parts", "copy_part", "list", "head"}) {
    use({.min_part = 16 * kib});
    make({40'000, 40'000});
    store_->set("d/whole", "old");
    std::size_t calls = 0;
    hook([&](const std::string& operation, const std::string&) {
      // The third HEAD is the first that looks again.
      if (operation == when && ++calls == (operation == "head" ? 3 : 1)) store_->set("d/1", "newer");
    });
    EXPECT_EQ(code(join()), Errc::conflict) << when;
    EXPECT_EQ(store_->content("d/whole"), "old") << when;
    EXPECT_EQ(store_->content("d/1"), "newer") << when;
    EXPECT_EQ(store_->content("d/0"), data(40'000, 2));
    EXPECT_EQ(store_->open_uploads(), 0U) << when;
  }
}

TEST_F(ObjectCombine, ACancelledJoinChangesNothing) {
  const std::vector<std::size_t> sizes{40'000, 3000, 40'000, 40'000};
  for (const char* where : {"head", "get", "copy_part", "put_part", "list"}) {
    use({.min_part = 16 * kib});
    make(sizes);
    async::Event reached(context_.get_executor());
    bool there = false;
    store_->on_call([&](std::string operation, std::string) -> Task<void> {
      if (operation != where) co_return;
      there = true;
      reached.notify();
      co_await async::sleep_for(std::chrono::minutes(1));
    });
    std::optional<Errc> seen;
    auto work = [&]() -> Task<void> { seen = code(co_await fs_->combine(at("/d/whole"), sources_, {})); };
    auto scene = [&]() -> Task<void> {
      async::Child child(co_await asio::this_coro::executor, "combine", work());
      while (!there) co_await reached.wait();
      child.cancel();
      co_await child.join();
    };
    run(scene());
    EXPECT_EQ(seen, Errc::cancelled) << where;
    EXPECT_FALSE(store_->has("d/whole")) << where;
    EXPECT_TRUE(sources_whole(sizes)) << where;
    EXPECT_EQ(budget_->used(), 0U);
    store_->on_call({});
    run(abort_left_over(ledger_, store_, "main", Milliseconds(-1000)));
    EXPECT_EQ(store_->open_uploads(), 0U) << where;
  }
}

TEST_F(ObjectCombine, WhatCannotBeRemovedIsSaidAndLosesNothing) {
  const std::string whole = make({40'000, 40'000, 40'000});
  std::size_t heads = 0;
  hook([&](const std::string& operation, const std::string&) {
    if (operation == "remove_many") store_->fail_next("remove_many", Errc::unavailable);
    if (operation == "head" && ++heads == 7) store_->fail_next("head", Errc::unavailable);
  });
  const Combined done = must(join());
  EXPECT_EQ(done.left, (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_TRUE(store_->content("d/whole") == whole);
  EXPECT_TRUE(sources_whole({40'000, 40'000, 40'000}));
}

TEST_F(ObjectCombine, ALostAnswerToTheRemovalLeavesNothing) {
  make({40'000, 40'000});
  store_->lose_answer("remove_many", Errc::unavailable);
  EXPECT_TRUE(must(join()).left.empty());
  EXPECT_EQ(store_->keys(), (std::vector<std::string>{"d/", "d/whole"}));
}

TEST_F(ObjectCombine, ItWaitsForTheRenameOfADirectory) {
  make({40'000, 40'000});
  auto plan = must(run(OpenRename::begin(renames_, {.store = "main", .owner = "alice", .from = "d/", .to = "e/"})));
  EXPECT_EQ(code(join()), Errc::conflict);
  EXPECT_FALSE(store_->has("d/whole"));
  run(plan->forget());
  must(join());
}

TEST_F(ObjectCombine, ItIsRefusedBeforeAnythingIsCopiedWhenItWouldBeTooLarge) {
  options_.max_file_size = 79'999;
  use({.min_part = 16 * kib});
  make({40'000, 40'000});
  EXPECT_EQ(code(join()), Errc::too_large);
  EXPECT_EQ(store_->count("start_parts"), 0U);
  options_.max_file_size = 80'000;
  restart();
  must(join());
}

TEST_F(ObjectCombine, TheMarkerOfADirectoryIsKept) {
  store_->set("e/only", data(20'000));
  make({40'000});
  sources_.push_back(at("/e/only"));
  must(join());
  EXPECT_EQ(store_->keys(), (std::vector<std::string>{"d/", "d/whole", "e/"}));
}

/// Call n of the store fails, for every n: the old file and all sources, or the new file.
class CombineFaults : public ObjectCombine, public testing::WithParamInterface<bool> {
 protected:
  static inline const std::vector<std::size_t> sizes{40'000, 3000, 70'000, 16 * kib, 9};

  std::uint64_t once(std::uint64_t bad, bool answer_lost) {
    use({.min_part = 16 * kib}, GetParam());
    const std::string whole = make(sizes);
    store_->set("d/whole", "old");
    std::uint64_t calls = 0;
    hook([&](const std::string& operation, const std::string&) {
      if (++calls != bad) return;
      answer_lost ? store_->lose_answer(operation, Errc::unavailable) : store_->fail_next(operation, Errc::unavailable);
    });
    const auto done = join();
    store_->on_call({});
    const std::string now = store_->content("d/whole");
    EXPECT_TRUE(now == whole || now == "old");
    if (done) {
      EXPECT_TRUE(now == whole);
      EXPECT_TRUE(done->left.empty() || store_->keys().size() > 2);
    } else {
      EXPECT_TRUE(sources_whole(sizes)) << done.error().text();
      if (!answer_lost) EXPECT_EQ(now, "old") << done.error().text();
    }
    EXPECT_EQ(budget_->used(), 0U);
    EXPECT_LE(store_->open_uploads(), must(run(ledger_->records("main"))).size());
    return calls;
  }
};

TEST_P(CombineFaults, EveryCallRefusedOrUnanswered) {
  for (bool answer_lost : {false, true}) {
    const std::uint64_t calls = once(0, false);
    ASSERT_GE(calls, 15U);
    for (std::uint64_t bad = 1; bad <= calls + 2; ++bad) {
      SCOPED_TRACE("call " + std::to_string(bad) + (answer_lost ? " unanswered" : " refused"));
      once(bad, answer_lost);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, CombineFaults, testing::Bool(),
                         [](const auto& info) { return info.param ? "with_crc64" : "without"; });

}  // namespace
}  // namespace gantry::vfs
