#include "vfs/memory_file_system.hpp"

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "tests/support/run.hpp"
#include "vfs/checksum.hpp"
#include "vfs/directories.hpp"
#include "vfs/memory_tree.hpp"

namespace gantry::vfs {
namespace {

std::vector<std::byte> bytes(std::string_view text) {
  const ByteView view = as_byte_view(text);
  return {view.begin(), view.end()};
}

std::string read(const MemoryContent& content, std::uint64_t offset, std::size_t count) {
  std::vector<std::byte> buffer(count);
  buffer.resize(content.read(offset, buffer));
  return std::string(as_text(buffer));
}

TEST(MemoryContent, ReadsAcrossPieces) {
  MemoryContent content;
  content.append(bytes("abc"));
  content.append(bytes("defg"));
  content.append({});
  content.append(bytes("h"));
  EXPECT_EQ(content.size(), 8U);
  for (std::size_t offset = 0; offset <= 8; ++offset) {
    for (std::size_t count = 0; count <= 9; ++count) {
      EXPECT_EQ(read(content, offset, count), std::string("abcdefgh").substr(offset, count));
    }
  }
}

TEST(MemoryContent, TruncatesAndGoesOnWithoutTouchingCopies) {
  MemoryContent content;
  content.append(bytes("abc"));
  content.append(bytes("defg"));
  for (std::size_t size = 0; size <= 7; ++size) {
    MemoryContent cut = content;
    cut.truncate(size);
    EXPECT_EQ(cut.size(), size);
    cut.append(bytes("XY"));
    EXPECT_EQ(read(cut, 0, 100), std::string("abcdefg").substr(0, size) + "XY");
  }
  EXPECT_EQ(read(content, 0, 100), "abcdefg");
}

class MemoryFiles : public testing::Test {
 protected:
  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  static Path at(std::string_view text) { return *Path::absolute(text); }

  Result<Entry> put(FileSystem& fs, Path path, std::size_t size) {
    auto upload = run(fs.open_upload(std::move(path), {}));
    if (!upload) return fail(std::move(upload.error()));
    while (size > 0) {
      auto room = run((*upload)->prepare(size)).value();
      std::ranges::fill(room, std::byte{'x'});
      if (auto done = run((*upload)->advance(room.size())); !done) return fail(std::move(done.error()));
      size -= room.size();
    }
    return run((*upload)->commit());
  }

  asio::io_context context_;
};

TEST_F(MemoryFiles, CapacityIsKept) {
  MemoryFileSystem fs(make_memory_tree(100'000));
  EXPECT_TRUE(put(fs, at("/a"), 60'000));
  EXPECT_EQ(run(fs.free_space(Path{})), 40'000U);
  EXPECT_EQ(put(fs, at("/b"), 40'001).error().code, Errc::no_space);
  EXPECT_TRUE(put(fs, at("/b"), 40'000));
  EXPECT_TRUE(run(fs.remove_file(at("/a"))));
  EXPECT_EQ(run(fs.free_space(Path{})), 60'000U);
  EXPECT_TRUE(run(fs.copy(at("/b"), at("/c"))));
  EXPECT_TRUE(run(fs.rename(at("/b"), at("/c"))));
  EXPECT_EQ(run(fs.free_space(Path{})), 60'000U);
  EXPECT_EQ(run(fs.open_upload(at("/d"), {.expected_size = 60'001, .owner = {}})).error().code, Errc::no_space);
}

TEST_F(MemoryFiles, AppendToAChangedFileIsAConflict) {
  MemoryFileSystem fs(make_memory_tree());
  ASSERT_TRUE(put(fs, at("/a"), 10));
  UploadOptions options;
  options.mode = UploadMode::append;
  auto upload = run(fs.open_upload(at("/a"), options)).value();
  ASSERT_TRUE(put(fs, at("/a"), 20));
  EXPECT_EQ(run(upload->commit()).error().code, Errc::conflict);
  EXPECT_EQ(run(fs.stat(at("/a")))->size, 20U);
}

TEST_F(MemoryFiles, SeveralLanesShareATree) {
  auto tree = make_memory_tree();
  auto work = [tree](char letter) {
    asio::io_context lane;
    MemoryFileSystem fs(tree);
    const Path path = *Path::absolute("/shared");
    for (int i = 0; i < 300; ++i) {
      auto upload = test::run_task(lane, fs.open_upload(path, {})).value();
      auto room = test::run_task(lane, upload->prepare(1000)).value();
      std::ranges::fill(room, static_cast<std::byte>(letter));
      test::run_task(lane, upload->advance(room.size())).value();
      test::run_task(lane, upload->commit()).value();
      auto reader = test::run_task(lane, fs.open_reader(path, {})).value();
      std::vector<std::byte> content(2000);
      content.resize(test::run_task(lane, reader->read(content)).value());
      EXPECT_EQ(content.size(), 1000U);
      EXPECT_EQ(std::ranges::count(content, content.front()), 1000);
    }
  };
  std::jthread first(work, 'a');
  std::jthread second(work, 'b');
}

TEST_F(MemoryFiles, AnEndedUploadRefusesMore) {
  MemoryFileSystem fs(make_memory_tree());
  auto upload = run(fs.open_upload(at("/a"), {})).value();
  EXPECT_FALSE(run(upload->advance(1)));
  EXPECT_TRUE(run(upload->commit()));
  EXPECT_FALSE(run(upload->prepare(1)));
  EXPECT_FALSE(run(upload->commit()));
}

TEST_F(MemoryFiles, MakeDirectoriesMakesTheWholeWay) {
  MemoryFileSystem fs(make_memory_tree());
  EXPECT_TRUE(run(make_directories(fs, at("/a/b/c"))));
  EXPECT_TRUE(run(make_directories(fs, at("/a/b/c"))));
  EXPECT_TRUE(run(make_directories(fs, at("/a/x"))));
  EXPECT_TRUE(run(make_directories(fs, Path{})));
  EXPECT_EQ(run(fs.stat(at("/a/b/c")))->kind, Kind::directory);
  ASSERT_TRUE(put(fs, at("/a/f"), 1));
  EXPECT_EQ(run(make_directories(fs, at("/a/f"))).error().code, Errc::not_directory);
  EXPECT_EQ(run(make_directories(fs, at("/a/f/g"))).error().code, Errc::not_directory);
}

TEST_F(MemoryFiles, ChecksumTellsEachBlock) {
  MemoryFileSystem fs(make_memory_tree());
  ASSERT_TRUE(put(fs, at("/a"), 600 * kib));
  std::uint64_t sum = 0;
  unsigned steps = 0;
  const ByteRange range{.offset = 1, .length = 600 * kib - 1};
  ASSERT_TRUE(run(
      compute_checksum(fs, at("/a"), digest::Algorithm::sha256, range, [&](std::size_t bytes) -> Task<Result<void>> {
        sum += bytes;
        ++steps;
        co_return Result<void>();
      })));
  EXPECT_EQ(steps, 3U);
  EXPECT_EQ(sum, 600 * kib - 1);
  EXPECT_EQ(run(compute_checksum(fs, at("/a"), digest::Algorithm::sha256, range,
                                 [](std::size_t) -> Task<Result<void>> { co_return fail(Errc::cancelled, "wait"); }))
                .error()
                .code,
            Errc::cancelled);
}

TEST_F(MemoryFiles, ChecksumStopsWhenCancelled) {
  MemoryFileSystem fs(make_memory_tree());
  ASSERT_TRUE(put(fs, at("/a"), 600 * kib));
  asio::cancellation_signal stop;
  std::optional<Result<std::string>> outcome;
  auto root = [](FileSystem& files, asio::cancellation_signal& signal) -> Task<Result<std::string>> {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return co_await compute_checksum(files, *Path::absolute("/a"), digest::Algorithm::md5, {},
                                        [&signal](std::size_t) -> Task<Result<void>> {
                                          signal.emit(asio::cancellation_type::terminal);
                                          co_return Result<void>();
                                        });
  };
  asio::co_spawn(context_, root(fs, stop),
                 asio::bind_cancellation_slot(stop.slot(), [&outcome](std::exception_ptr, Result<std::string> value) {
                   outcome = std::move(value);
                 }));
  context_.restart();
  context_.run_for(std::chrono::seconds(10));
  ASSERT_TRUE(outcome);
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().code, Errc::cancelled);
}

TEST(RunTask, FailsInsteadOfHanging) {
  asio::io_context context;
  auto never = [](asio::io_context& where) -> Task<void> {
    asio::steady_timer timer(where, std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
  };
  EXPECT_THROW(test::run_task(context, never(context), std::chrono::milliseconds(20)), std::runtime_error);
  asio::io_context other;
  EXPECT_EQ(test::run_task(other, [] -> Task<int> { co_return 7; }()), 7);
}

}  // namespace
}  // namespace gantry::vfs
