#include "transfer/verify_trees.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/support/temporary_directory.hpp"

namespace gantry::transfer {
namespace {

namespace fs = std::filesystem;

/// Two trees of this machine stand for the two sides.
class VerifyTreesTest : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const fs::path file = fs::path(directory.path()) / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::vector<std::string> verify(VerifyOptions options = {}) {
    std::vector<std::string> lines;
    const auto here = local_tree(directory.path() + "/here", Links::skip);
    const auto there = local_tree(directory.path() + "/there", Links::skip);
    const auto done = verify_trees(
        *here, *there, std::move(options),
        [&](const std::string& path) -> Outcome<Comparison> { return contents.contains(path) ? contents[path] : same; },
        [&](const VerifiedFile& file) { lines.push_back(fmt::format("{} {}", display_name(file.verdict), file.path)); },
        stop);
    if (!done) lines.push_back(done.error().text);
    return lines;
  }

  test::TemporaryDirectory directory;
  const Comparison same{.verdict = Verdict::equal, .text = "MD5"};
  std::map<std::string, Comparison> contents;
  std::atomic<bool> stop = false;
};

using Lines = std::vector<std::string>;

TEST_F(VerifyTreesTest, TellsOfEachFileWhatIsWrong) {
  for (const char* side : {"here/", "there/"}) {
    for (const char* name : {"same", "content", "unknown", "deep/er/file"}) write(side + std::string(name), "x");
  }
  write("here/size", "1");
  write("there/size", "22");
  write("here/only/x", "1");
  write("there/late", "1");
  write("here/kind", "1");
  write("there/kind/x", "1");
  contents["content"] = {.verdict = Verdict::different, .text = "MD5"};
  contents["unknown"] = {.verdict = Verdict::unknown, .text = "none"};
  EXPECT_EQ(verify(), (Lines{"content content", "same deep/er/file", "kind kind", "missing here late",
                             "missing there only", "same same", "size size", "same size unknown"}));
}

TEST_F(VerifyTreesTest, LeavesOutWhatPatternsAndIgnoreFilesSay) {
  write("here/a", "1");
  write("here/b.o", "1");
  write("here/.gantryignore", "*.o\n");
  write("there/c", "1");
  VerifyOptions options;
  options.filter.add(false, "/c");
  EXPECT_EQ(verify(options), Lines{"missing there a"});
}

TEST_F(VerifyTreesTest, DoesNotCallUnreadableGood) {
  write("here/a/b/c", "1");
  write("there/a/b/c", "1");
  EXPECT_EQ(verify({.max_depth = 1}), Lines{"unreadable a/b"});
  stop = true;
  EXPECT_EQ(verify(), Lines{"stopped; what was not compared is not known"});
}

TEST_F(VerifyTreesTest, FailsWithoutASide) {
  write("here/a", "1");
  EXPECT_EQ(verify().size(), 1U);
  EXPECT_TRUE(verify().front().ends_with("No such file or directory"));
}

}  // namespace
}  // namespace gantry::transfer
