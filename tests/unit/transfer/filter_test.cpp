#include "transfer/filter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace gantry::transfer {
namespace {

struct Case {
  std::string_view pattern;
  std::string_view path;
  bool directory;
  bool matches;
};

TEST(PathPattern, MeansWhatItMeansInGitignore) {
  const std::vector<Case> cases = {
      // Without a slash: the last name, at any depth.
      {"*.o", "main.o", false, true},
      {"*.o", "a/b/main.o", false, true},
      {"*.o", "main.obj", false, false},
      {"*.o", ".o", false, true},
      {"build", "a/build", true, true},
      {"build", "a/build/x", false, false},
      {"文件?", "目录/文件1", false, true},
      // With a slash: from the top.
      {"/build", "build", true, true},
      {"/build", "a/build", true, false},
      {"doc/*.txt", "doc/a.txt", false, true},
      {"doc/*.txt", "doc/a/b.txt", false, false},
      {"doc/*.txt", "x/doc/a.txt", false, false},
      // A slash at the end: directories only.
      {"build/", "a/build", true, true},
      {"build/", "a/build", false, false},
      {"/build/", "build", true, true},
      {"a/b/", "a/b", true, true},
      // Two stars: any depth.
      {"**", "a/b/c", false, true},
      {"**/foo", "foo", false, true},
      {"**/foo", "a/b/foo", false, true},
      {"**/foo/bar", "a/foo/bar", false, true},
      {"**/foo/bar", "a/foo/x/bar", false, false},
      {"a/**/b", "a/b", false, true},
      {"a/**/b", "a/x/y/b", false, true},
      {"a/**/b", "x/a/b", false, false},
      {"a/**/**/b", "a/b", false, true},
      {"foo/**", "foo/x", false, true},
      {"foo/**", "foo/x/y", false, true},
      {"foo/**", "foo", true, false},
      {"a**b", "axyb", false, true},
      {"a**b", "a/b", false, false},
      // Sets, escapes.
      {"[a-c]?", "b1", false, true},
      {"[!a-c]?", "b1", false, false},
      {"\\*", "*", false, true},
      {"\\*", "x", false, false},
      {"\\#a", "#a", false, true},
      {"two blanks", "x/two blanks", false, true},
  };
  for (const Case& each : cases) {
    const auto pattern = PathPattern::parse(each.pattern);
    ASSERT_TRUE(pattern) << each.pattern;
    EXPECT_EQ(pattern->matches(each.path, each.directory), each.matches) << each.pattern << " on " << each.path;
  }
}

TEST(PathPattern, RefusesWhatMatchesNothing) {
  EXPECT_FALSE(PathPattern::parse(""));
  EXPECT_FALSE(PathPattern::parse("/"));
  EXPECT_FALSE(PathPattern::parse("//"));
  EXPECT_FALSE(PathPattern::parse(std::string(PathPattern::max_length + 1, 'a')));
}

TEST(PathPattern, TakesBoundedTimeForAnyPattern) {
  std::string stars;
  std::string depths;
  for (int i = 0; i < 30; ++i) stars += "*a";
  for (int i = 0; i < 300; ++i) depths += "**/a/";
  std::string path;
  for (int i = 0; i < 1000; ++i) path += "a/";
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(PathPattern::parse(stars + "b")->matches(std::string(255, 'a'), false));
  EXPECT_FALSE(PathPattern::parse(depths + "b")->matches(path + "c", false));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST(IgnoreRules, LetTheLastLineDecide) {
  const IgnoreRules rules("# comment\n\n*.log\r\n!keep.log\n/top  \nblank\\ \n\\!bang\n!\n");
  EXPECT_EQ(rules.ignores("a/x.log", false), true);
  EXPECT_EQ(rules.ignores("a/keep.log", false), false);
  EXPECT_EQ(rules.ignores("top", false), true);
  EXPECT_EQ(rules.ignores("a/top", false), std::nullopt);
  EXPECT_EQ(rules.ignores("blank ", false), true);
  EXPECT_EQ(rules.ignores("!bang", false), true);
  EXPECT_EQ(rules.ignores("comment", false), std::nullopt);
}

TEST(Filter, LetsTheFirstPatternOfTheCommandLineDecide) {
  Filter filter;
  EXPECT_TRUE(filter.add(true, "*/"));
  EXPECT_TRUE(filter.add(true, "*.txt"));
  EXPECT_TRUE(filter.add(false, "*"));
  EXPECT_FALSE(filter.add(false, "/"));
  EXPECT_TRUE(filter.takes("a/b", true));
  EXPECT_TRUE(filter.takes("a/b.txt", false));
  EXPECT_FALSE(filter.takes("a/b.bin", false));
}

TEST(Filter, TakesEverythingByDefaultButIgnoreFiles) {
  const Filter filter;
  EXPECT_TRUE(filter.takes("a/.hidden", false));
  EXPECT_FALSE(filter.takes(".gantryignore", false));
  EXPECT_FALSE(filter.takes("a/.gantryignore", false));
}

TEST(Filter, LetsTheDeepestIgnoreFileDecideAndTheCommandLineBeforeIt) {
  Filter filter;
  filter.enter("", IgnoreRules("*.log\n/sub/secret\n"));
  filter.enter("sub", IgnoreRules("!*.log\n/only-here\n"));
  EXPECT_FALSE(filter.takes("x.log", false));
  EXPECT_TRUE(filter.takes("sub/x.log", false));
  EXPECT_FALSE(filter.takes("sub/secret", false));
  EXPECT_FALSE(filter.takes("sub/only-here", false));
  EXPECT_TRUE(filter.takes("only-here", false));
  EXPECT_FALSE(filter.takes("subway.log", false));
  filter.leave();
  EXPECT_FALSE(filter.takes("sub/x.log", false));
  filter.add(true, "x.log");
  EXPECT_TRUE(filter.takes("sub/x.log", false));
}

}  // namespace
}  // namespace gantry::transfer
