#include "base/replace_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_directory.hpp"

namespace gantry {
namespace {

class ReplaceFile : public testing::Test {
 protected:
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::size_t names() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory_.path()), {}));
  }

  test::TemporaryDirectory directory_;
  std::string file_ = directory_.path() + "/list";
};

TEST_F(ReplaceFile, TheNewContentIsItsOwnersAlone) {
  ASSERT_TRUE(replace_file(file_, "first\n"));
  EXPECT_EQ(content(file_), "first\n");
  struct stat facts{};
  ASSERT_EQ(::stat(file_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  ASSERT_TRUE(replace_file(file_, ""));
  EXPECT_EQ(content(file_), "");
  EXPECT_EQ(names(), 1U);
}

TEST_F(ReplaceFile, WhoReadsTheOldOneGoesOnReadingIt) {
  ASSERT_TRUE(replace_file(file_, "old"));
  std::ifstream reader(file_);
  ASSERT_TRUE(replace_file(file_, "new content"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
  EXPECT_EQ(content(file_), "new content");
}

TEST_F(ReplaceFile, WhatABrokenRunLeftIsNoObstacleAndIsNotWrittenThrough) {
  const std::string elsewhere = directory_.path() + "/elsewhere";
  std::ofstream(elsewhere) << "mine";
  std::filesystem::create_symlink(elsewhere, file_ + ".new");
  ASSERT_TRUE(replace_file(file_, "new"));
  EXPECT_EQ(content(file_), "new");
  EXPECT_EQ(content(elsewhere), "mine");
}

TEST_F(ReplaceFile, AFailureSaysWhyAndLeavesNothingBehind) {
  std::filesystem::create_directories(file_ + "/inside");
  const auto done = replace_file(file_, "text");
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().detail.find("directory"), std::string::npos) << done.error().detail;
  EXPECT_EQ(names(), 1U);
  EXPECT_FALSE(replace_file(directory_.path() + "/missing/list", "text"));
}

}  // namespace
}  // namespace gantry
