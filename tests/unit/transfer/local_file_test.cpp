#include "transfer/local_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace gantry::transfer {
namespace {

struct LocalFileTest : testing::Test {
  test::TemporaryDirectory directory;
  std::string path = directory.path() + "/file.part";

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream in(directory.path() + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void make(const std::string& name, const std::string& text) const {
    std::ofstream(directory.path() + "/" + name) << text;
  }
};

TEST_F(LocalFileTest, GoesOnWithWhatIsThere) {
  make("file.part", "begin");
  auto file = LocalFile::open_locked(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 5U);
  ASSERT_TRUE(file->seek(5));
  ASSERT_TRUE(file->write(as_byte_view("end")));
  EXPECT_EQ(content("file.part"), "beginend");
}

TEST_F(LocalFileTest, IsWrittenByOneAtATime) {
  auto first = LocalFile::open_locked(path);
  ASSERT_TRUE(first);
  auto second = LocalFile::open_locked(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().why, ftp::Why::local);
  EXPECT_NE(second.error().text.find("another transfer"), std::string::npos);
  {
    const auto gone = std::move(*first);
  }
  EXPECT_TRUE(LocalFile::open_locked(path));
}

TEST_F(LocalFileTest, IsNotWrittenThroughASymbolicLink) {
  make("precious", "mine");
  std::filesystem::create_symlink("precious", path);
  EXPECT_FALSE(LocalFile::open_locked(path));
  EXPECT_EQ(content("precious"), "mine");
}

TEST_F(LocalFileTest, RefusesWhatIsNoFile) {
  EXPECT_FALSE(LocalFile::open(directory.path()));
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(LocalFile::open(path));
  EXPECT_FALSE(LocalFile::open_locked(path));
}

TEST_F(LocalFileTest, ReplacesNothingUnlessTold) {
  make("final", "old");
  make("file.part", "new");
  auto file = LocalFile::open_locked(path);
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->rename(directory.path() + "/final", false));
  EXPECT_EQ(content("final"), "old");
  EXPECT_TRUE(file->rename(directory.path() + "/final", true));
  EXPECT_EQ(content("final"), "new");
  EXPECT_EQ(file->path(), directory.path() + "/final");
}

TEST_F(LocalFileTest, TellsThatItChanged) {
  make("file", "content");
  auto file = LocalFile::open(directory.path() + "/file");
  ASSERT_TRUE(file);
  EXPECT_EQ(*file->now(), file->opened());
  make("file", "content and more");
  EXPECT_NE(*file->now(), file->opened());
}

TEST_F(LocalFileTest, KeepsTimesBefore1970Too) {
  auto file = LocalFile::open_locked(path);
  ASSERT_TRUE(file);
  for (const std::int64_t milliseconds : {std::int64_t{-1}, std::int64_t{1'700'000'000'123}}) {
    file->set_modified(WallTime(Milliseconds(milliseconds)));
    EXPECT_EQ(file->now()->modified().time_since_epoch().count(), milliseconds);
  }
}

TEST_F(LocalFileTest, RemembersItsSourceWhereTheFileSystemDoes) {
  auto file = LocalFile::open_locked(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->source(), "");
  file->set_source("12 34");
  if (file->source().empty()) GTEST_SKIP() << "this file system keeps no attributes of users";
  EXPECT_EQ(file->source(), "12 34");
  file->set_source("");
  EXPECT_EQ(file->source(), "");
}

TEST_F(LocalFileTest, PromisesNoMoreThanTheDiskHas) {
  auto file = LocalFile::open_locked(path);
  ASSERT_TRUE(file);
  EXPECT_TRUE(file->reserve(4096));
  EXPECT_EQ(file->now()->size, 0U);
}

}  // namespace
}  // namespace gantry::transfer
