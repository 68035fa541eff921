// A commit on a disk is on the disk: the bytes before the name, the name before the answer. Nothing but the program
// that calls fsync can see that, so this one has an fsync of its own in front of the system's.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/local_file_system.hpp"

namespace {

/// Answers instead of the system; set by one test at a time, before it begins.
std::function<int(int)> on_fsync;

}  // namespace

extern "C" int fsync(int descriptor) {
  return on_fsync ? on_fsync(descriptor) : static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace gantry::vfs {
namespace {

namespace disk = std::filesystem;

struct Synced {
  bool directory = false;
  std::uint64_t size = 0;
  bool published = false;  ///< the final name showed the new content by then
  bool operator==(const Synced&) const = default;
};

constexpr std::string_view old_content = "old";
constexpr std::string_view new_content = "new content";

class LocalDurability : public testing::TestWithParam<Drafts> {
 protected:
  ~LocalDurability() override { on_fsync = nullptr; }

  void open(Durability durability) {
    LocalOptions options;
    options.root = directory_.path();
    options.durability = durability;
    options.drafts = GetParam();
    fs_ = std::make_unique<LocalFileSystem>(*LocalRoot::open(options), pool_);
    on_fsync = [this](int descriptor) {
      struct stat about{};
      ::fstat(descriptor, &about);
      const bool directory = S_ISDIR(about.st_mode);
      seen_.push_back({directory, directory ? 0 : static_cast<std::uint64_t>(about.st_size), content() == new_content});
      errno = EIO;
      return seen_.size() == failing_ ? -1 : 0;
    };
  }

  std::unique_ptr<Upload> begin() {
    auto upload = test::run_task(context_, fs_->open_upload(*Path::absolute("/file"), {})).value();
    MutableBytes room = test::run_task(context_, upload->prepare(new_content.size())).value();
    std::memcpy(room.data(), new_content.data(), new_content.size());
    test::run_task(context_, upload->advance(new_content.size())).value();
    return upload;
  }
  Result<Entry> commit() { return test::run_task(context_, begin()->commit()); }

  std::string content() const {
    std::ifstream file(directory_.path() + "/file");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t names() const {
    return static_cast<std::size_t>(
        std::distance(disk::directory_iterator(directory_.path()), disk::directory_iterator()));
  }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{1, 100};
  std::unique_ptr<LocalFileSystem> fs_;
  std::vector<Synced> seen_;
  std::size_t failing_ = 0;  // the call that fails; 0: none
};

const std::vector<Synced> file_then_directory = {{false, new_content.size(), false}, {true, 0, true}};

TEST_P(LocalDurability, TheBytesBeforeTheNameAndTheNameBeforeTheAnswer) {
  open(Durability::fsync);
  ASSERT_TRUE(commit());
  EXPECT_EQ(seen_, file_then_directory);
  EXPECT_EQ(content(), new_content);
}

TEST_P(LocalDurability, TheSameWhenAFileIsReplaced) {
  std::ofstream(directory_.path() + "/file") << old_content;
  open(Durability::fsync);
  ASSERT_TRUE(commit());
  EXPECT_EQ(seen_, file_then_directory);
}

TEST_P(LocalDurability, BytesTheDiskDidNotTakeAreNotPublished) {
  std::ofstream(directory_.path() + "/file") << old_content;
  open(Durability::fsync);
  failing_ = 1;
  EXPECT_FALSE(commit());
  EXPECT_EQ(content(), old_content);
  EXPECT_EQ(names(), 1U) << "the draft is left";
}

TEST_P(LocalDurability, ANameTheDiskDidNotTakeIsNoSuccess) {
  open(Durability::fsync);
  failing_ = 2;
  auto stored = commit();
  ASSERT_FALSE(stored);
  EXPECT_TRUE(stored.error().detail.starts_with("uncertain")) << stored.error().text();
}

TEST_P(LocalDurability, WhatIsHeldIsOnTheDiskToo) {
  open(Durability::fsync);
  auto held = test::run_task(context_, begin()->hold());
  ASSERT_TRUE(held);
  EXPECT_EQ(*held, new_content.size());
  EXPECT_EQ(seen_, (std::vector<Synced>{{false, new_content.size(), false}, {true, 0, false}}));
}

TEST_P(LocalDurability, NobodyWaitsForTheDiskWhoDoesNotWantTo) {
  open(Durability::none);
  ASSERT_TRUE(commit());
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(content(), new_content);
}

INSTANTIATE_TEST_SUITE_P(Drafts, LocalDurability, testing::Values(Drafts::automatic, Drafts::named),
                         [](const auto& one) { return one.param == Drafts::named ? "named" : "nameless"; });

}  // namespace
}  // namespace gantry::vfs
