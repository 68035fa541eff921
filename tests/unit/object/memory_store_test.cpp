// The store that other rooms test with must behave as the real ones do.
#include "tests/support/memory_store.hpp"

#include <gtest/gtest.h>

#include "tests/unit/object/exam.hpp"

namespace gantry::object {
namespace {

TEST(MemoryStore, exam) {
  for (bool crc64 : {false, true}) {
    test::MemoryStoreOptions options;
    options.crc64 = crc64;
    Bench bench(std::make_unique<test::MemoryStore>(options));
    examine(bench, "unit object/", 1000);
  }
}

TEST(MemoryStore, fails_and_loses_answers_on_demand) {
  auto owned = std::make_unique<test::MemoryStore>();
  test::MemoryStore& store = *owned;
  Bench bench(std::move(owned));
  store.fail_next("put", Errc::throttled, 2);
  EXPECT_EQ(bench.put("k", "a").error().code, Errc::throttled);
  EXPECT_EQ(bench.put("k", "a").error().code, Errc::throttled);
  EXPECT_FALSE(store.has("k"));
  EXPECT_TRUE(bench.put("k", "a"));
  store.lose_answer("put", Errc::timed_out);
  EXPECT_EQ(bench.put("k", "b").error().code, Errc::timed_out);
  EXPECT_EQ(store.content("k"), "b");
  EXPECT_EQ(store.count("put"), 4U);
  EXPECT_EQ(store.count(), 4U);
}

TEST(MemoryStore, an_open_body_keeps_its_version) {
  auto owned = std::make_unique<test::MemoryStore>();
  test::MemoryStore& store = *owned;
  Bench bench(std::move(owned));
  store.set("k", "old content");
  auto work = [&]() -> Task<std::string> {
    auto body = co_await bench->get("k", {});
    store.set("k", "new");
    std::vector<std::byte> buffer(100);
    auto got = co_await (*body)->read(buffer);
    co_return std::string(as_text(ByteView(buffer).first(got.value())));
  };
  EXPECT_EQ(bench.run(work()), "old content");
}

}  // namespace
}  // namespace gantry::object
