#include "proto/path_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

using namespace std::string_literals;

TEST(Normalise, Folds) {
  struct Case {
    const char* cwd;
    const char* argument;
    const char* wanted;
  };
  const Case cases[] = {
      {"/", "", "/"},
      {"/a", "", "/a"},
      {"/", "/", "/"},
      {"/", "//", "/"},
      {"/", "a", "/a"},
      {"/a", "b", "/a/b"},
      {"/a", "/b", "/b"},
      {"/a/b", "..", "/a"},
      {"/a", "..", "/"},
      {"/", "..", "/"},
      {"/", "../../..", "/"},
      {"/", "/../a", "/a"},
      {"/a/b", "../../../../c", "/c"},
      {"/a", ".", "/a"},
      {"/a", "./b/./c", "/a/b/c"},
      {"/a", "b//c///d", "/a/b/c/d"},
      {"/a", "b/", "/a/b"},
      {"/a", "/b/../", "/"},
      {"/", "a/../b", "/b"},
      {"/", "...", "/..."},
      {"/", "..a", "/..a"},
      {"/", ".a", "/.a"},
      {"/", "a..", "/a.."},
      {"/", " ", "/ "},
      {"/", " /", "/ "},
      {"/a", " b ", "/a/ b "},
      {"/", ". .", "/. ."},
      {"/", "~", "/~"},
      {"/", "a\\..\\b", "/a\\..\\b"},
      {"/", "%2e%2e/a", "/%2e%2e/a"},
      {"/", "\xC3\xA4\xFF", "/\xC3\xA4\xFF"},
      {"/", "\xC0\xAE\xC0\xAE/a", "/\xC0\xAE\xC0\xAE/a"},
      {"", "a", "/a"},
      {"x", "a", "/x/a"},
      {"/a/../b//", "c", "/b/c"},
  };
  for (const Case& one : cases)
    EXPECT_EQ(normalise(one.cwd, one.argument), one.wanted) << one.cwd << ' ' << one.argument;
}

TEST(Normalise, RefusesControlBytes) {
  for (const std::string& one : {"a\0b"s, "\0"s, "a\rb"s, "a\nb"s, "a\tb"s, "\x1b[0m"s, "\x7f"s, "/x/\x01/../y"s})
    EXPECT_FALSE(normalise("/", one)) << testing::PrintToString(one);
  EXPECT_FALSE(normalise("/a\n", "b"));
}

TEST(Normalise, Limits) {
  const std::string longest(255, 'n');
  EXPECT_EQ(normalise("/", longest), "/" + longest);
  EXPECT_FALSE(normalise("/", longest + "n"));
  EXPECT_FALSE(normalise("/", longest + "n/..")) << "refused even where .. would drop it";
  std::string path;
  for (int i = 0; i < 16; ++i) path += "/" + longest;
  ASSERT_EQ(path.size(), 4096U);
  EXPECT_EQ(normalise("/", path), path);
  EXPECT_FALSE(normalise("/", path + "/n"));
  EXPECT_FALSE(normalise(path, "n"));
  EXPECT_EQ(normalise(path, "../n"), path.substr(0, path.rfind('/')) + "/n");
}

TEST(Normalise, DeepPathsAreLinear) {
  std::string deep;
  for (int i = 0; i < 2048; ++i) deep += "/d";
  EXPECT_EQ(normalise("/", deep), deep);
  std::string up;
  for (int i = 0; i < 4096; ++i) up += "../";
  EXPECT_EQ(normalise(deep, up), "/");
}

TEST(Normalise, IsItsOwnFixedPoint) {
  for (const char* one : {"/a//b/../c", "../..", "x/./y/", " "}) {
    auto once = normalise("/q", one);
    ASSERT_TRUE(once);
    EXPECT_EQ(normalise("/", *once), once);
  }
}

}  // namespace
}  // namespace gantry::proto
