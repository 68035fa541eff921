#include "transfer/proof.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/text.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::transfer {
namespace {

using digest::Algorithm;

Outcome<void> go_on() { return {}; }

std::string of(std::string_view text) { return to_hex(digest::hash(Algorithm::sha256, as_byte_view(text))); }

TEST(RunningSum, LeavesOutWhatItCounted) {
  RunningSum sum(Algorithm::sha256);
  sum.add(0, as_byte_view("abcdef"));
  sum.add(2, as_byte_view("cd"));     // all of it is known
  sum.add(4, as_byte_view("efghi"));  // the end is new
  EXPECT_EQ(sum.bytes(), 9U);
  EXPECT_EQ(sum.finish(), of("abcdefghi"));
  EXPECT_EQ(sum.finish(), of("abcdefghi"));
}

TEST(RunningSum, BeginsAgain) {
  RunningSum sum(Algorithm::sha256);
  sum.add(0, as_byte_view("wrong"));
  sum.begin();
  sum.add(0, as_byte_view("right"));
  EXPECT_EQ(sum.finish(), of("right"));
}

/// A file of ten bytes.
class SumOfAFile : public testing::Test {
 protected:
  SumOfAFile() { std::ofstream(path) << "0123456789"; }
  void SetUp() override {
    auto opened = LocalFile::open(path);
    ASSERT_TRUE(opened);
    file = std::move(*opened);
  }

  test::TemporaryDirectory directory;
  std::string path = directory.path() + "/file";
  std::optional<LocalFile> file;
  RunningSum sum{Algorithm::sha256};
};

TEST_F(SumOfAFile, CatchesUp) {
  ASSERT_TRUE(sum.catch_up(*file, 4, go_on));
  sum.add(4, as_byte_view("45"));
  ASSERT_TRUE(sum.catch_up(*file, 8, go_on));
  EXPECT_EQ(sum.finish(), of("01234567"));
}

TEST_F(SumOfAFile, EndsWhenAskedTo) {
  EXPECT_FALSE(sum.catch_up(*file, 4, []() -> Outcome<void> { return ftp::failed(Why::cancelled, "stopped"); }));
  EXPECT_FALSE(sum.catch_up(*file, 11, go_on)) << "the file is shorter than that";
}

}  // namespace
}  // namespace gantry::transfer
