// Uploads to a bucket whose store fails at call n, for every n, with and without taking effect; and at every kind of
// call. Afterwards: no success without the intact object, nothing partial under the name, the old object intact unless
// the new one is there whole, all memory given back, no multipart upload left open.
#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "tests/support/memory_store.hpp"
#include "tests/support/run.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_file_system.hpp"

namespace gantry::vfs {
namespace {

enum class Damage { refused, answer_lost };
enum class Ending { commit, hold, abort };

struct Scene {
  std::string name;
  std::size_t size = 0;  ///< bytes sent by the client
  UploadMode mode = UploadMode::replace;
  std::size_t old_size = 0;  ///< 0: no old object
  bool crc64 = true;
  Ending ending = Ending::commit;
};

void PrintTo(const Scene& scene, std::ostream* out) { *out << scene.name; }

std::string data(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 29 + i / 253 + seed * 11) & 0xff);
  return text;
}

class UploadFaults : public testing::TestWithParam<Scene> {
 protected:
  struct Run {
    bool success = false;
    std::uint64_t calls = 0;
  };

  /// One upload in which call number `at` (from 1) of the store fails; 0: none.
  Run upload(std::uint64_t at, Damage damage) {
    const Scene& scene = GetParam();
    asio::io_context context;
    auto store = std::make_shared<test::MemoryStore>(
        test::MemoryStoreOptions{.limits = {.min_part = 16 * kib}, .crc64 = scene.crc64});
    const std::string old_content = data(scene.old_size, 1);
    const std::string sent = data(scene.size, 2);
    if (scene.old_size > 0) store->set("d/f", old_content);
    store->set("d/", "");
    ObjectFileSystemOptions options;
    options.part_size = 64 * kib;
    options.budget = async::ByteBudget::create(256 * kib);
    options.ledger = make_memory_upload_ledger();
    ObjectFileSystem fs(store, options);
    std::uint64_t calls = 0;
    store->on_call([&](std::string operation, std::string) -> Task<void> {
      if (++calls != at) co_return;
      if (damage == Damage::refused) store->fail_next(operation, Errc::unavailable);
      if (damage == Damage::answer_lost) store->lose_answer(operation, Errc::unavailable);
    });
    auto result = test::run_task(context, transfer(fs, sent));
    const std::string kept = scene.mode == UploadMode::append ? old_content : std::string();
    check(store, options, result, {old_content, kept + sent});
    return {result, calls};
  }

  struct Contents {
    std::string before;
    std::string after;
  };

  void check(const std::shared_ptr<test::MemoryStore>& store, const ObjectFileSystemOptions& options, bool success,
             const Contents& contents) {
    const bool present = store->has("d/f");
    const std::string now = store->content("d/f");
    if (success && GetParam().ending == Ending::commit) {
      EXPECT_TRUE(present && now == contents.after);
    } else if (present) {
      EXPECT_TRUE(now == contents.after || (GetParam().old_size > 0 && now == contents.before));
      if (GetParam().ending != Ending::commit) EXPECT_TRUE(now == contents.before);
    } else {
      EXPECT_EQ(GetParam().old_size, 0U) << "the old object is gone";
    }
    EXPECT_EQ(options.budget->used(), 0U);
    check_ledger(store, options.ledger);
  }

  /// No upload is open in the store that the ledger does not know of, and after the janitor's round only those are that
  /// must not be aborted yet.
  void check_ledger(std::shared_ptr<test::MemoryStore> store, std::shared_ptr<UploadLedger> ledger) {
    asio::io_context context;
    EXPECT_LE(store->open_uploads(), test::run_task(context, ledger->records("main")).value().size());
    store->on_call({});
    test::run_task(context, abort_left_over(ledger, store, "main", Milliseconds(-1000)));
    const auto left = test::run_task(context, ledger->records("main")).value();
    EXPECT_EQ(store->open_uploads(), left.size());
    for (const auto& one : left) EXPECT_TRUE(one.upload.doubtful);
  }

  Task<bool> transfer(ObjectFileSystem& fs, std::string_view sent) {
    auto opened =
        co_await fs.open_upload(*Path::absolute("/d/f"), {.mode = GetParam().mode, .offset = 0, .owner = "exam"});
    if (!opened) co_return false;
    Upload& upload = **opened;
    bool good = true;
    while (good && !sent.empty()) {
      auto room = co_await upload.prepare(std::min<std::size_t>(sent.size(), 10'000));
      good = room.has_value();
      if (!good) break;
      std::ranges::copy(as_byte_view(sent.substr(0, room->size())), room->begin());
      sent.remove_prefix(room->size());
      good = (co_await upload.advance(room->size())).has_value();
    }
    if (GetParam().ending == Ending::hold) co_return (co_await upload.hold()).has_value();
    if (!good || GetParam().ending == Ending::abort) {
      co_await upload.abort();
      co_return good;
    }
    co_return (co_await upload.commit()).has_value();
  }
};

TEST_P(UploadFaults, WithoutAFaultAllIsWell) {
  auto run = upload(0, Damage::refused);
  EXPECT_TRUE(run.success);
}

TEST_P(UploadFaults, EveryCallRefused) {
  const std::uint64_t calls = upload(0, Damage::refused).calls;
  ASSERT_GE(calls, 1U);
  for (std::uint64_t at = 1; at <= calls + 3; ++at) {
    SCOPED_TRACE("call " + std::to_string(at));
    upload(at, Damage::refused);
    if (HasFailure()) return;
  }
}

TEST_P(UploadFaults, EveryAnswerLost) {
  const std::uint64_t calls = upload(0, Damage::refused).calls;
  for (std::uint64_t at = 1; at <= calls + 3; ++at) {
    SCOPED_TRACE("call " + std::to_string(at));
    upload(at, Damage::answer_lost);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Scenes, UploadFaults,
    testing::Values(
        Scene{.name = "small", .size = 1000}, Scene{.name = "empty"},
        Scene{.name = "small_over_old", .size = 1000, .old_size = 500}, Scene{.name = "parts", .size = 500 * kib},
        Scene{.name = "parts_without_crc64", .size = 500 * kib, .crc64 = false},
        Scene{.name = "parts_over_old", .size = 500 * kib, .old_size = 300 * kib},
        Scene{.name = "new_parts", .size = 300 * kib, .mode = UploadMode::create_new},
        Scene{.name = "append_to_small", .size = 300 * kib, .mode = UploadMode::append, .old_size = 5000},
        Scene{.name = "append_to_large", .size = 300 * kib, .mode = UploadMode::append, .old_size = 200 * kib},
        Scene{.name = "held", .size = 500 * kib, .ending = Ending::hold},
        Scene{.name = "held_over_old", .size = 500 * kib, .old_size = 10, .ending = Ending::hold},
        Scene{.name = "aborted", .size = 500 * kib, .old_size = 10, .ending = Ending::abort}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace gantry::vfs
