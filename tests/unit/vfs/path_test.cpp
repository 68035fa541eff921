#include "vfs/path.hpp"

#include <gtest/gtest.h>

namespace gantry::vfs {
namespace {

std::string resolved(std::string_view cwd, std::string_view text) {
  auto base = Path::absolute(cwd);
  if (!base) return "bad cwd";
  auto path = Path::resolve(*base, text);
  return path ? path->text() : std::string(to_string(path.error().code));
}

TEST(Path, FoldsWhatClientsType) {
  EXPECT_EQ(resolved("/", ""), "/");
  EXPECT_EQ(resolved("/a", ""), "/a");
  EXPECT_EQ(resolved("/a", "b"), "/a/b");
  EXPECT_EQ(resolved("/a", "/b"), "/b");
  EXPECT_EQ(resolved("/a", "b//c/"), "/a/b/c");
  EXPECT_EQ(resolved("/a", "./b/./c/."), "/a/b/c");
  EXPECT_EQ(resolved("/a/b", ".."), "/a");
  EXPECT_EQ(resolved("/a", ".."), "/");
  EXPECT_EQ(resolved("/a", "../../../etc"), "/etc");
  EXPECT_EQ(resolved("/", "/../.."), "/");
  EXPECT_EQ(resolved("/a", "..."), "/a/...");
  EXPECT_EQ(resolved("/a", " b "), "/a/ b ");
  EXPECT_EQ(resolved("/a", "-x"), "/a/-x");
  EXPECT_EQ(resolved("/a", "b\\..\\c"), "/a/b\\..\\c");
}

TEST(Path, RefusesControlCharacters) {
  EXPECT_EQ(resolved("/", "a\nb"), "bad_name");
  EXPECT_EQ(resolved("/", "a\rb"), "bad_name");
  EXPECT_EQ(resolved("/", std::string_view("a\0b", 3)), "bad_name");
  EXPECT_EQ(resolved("/", "a\x7f"), "bad_name");
  EXPECT_EQ(resolved("/", "a\t"), "bad_name");
  EXPECT_EQ(resolved("/", "na\xc3\xafve\xff"), "/na\xc3\xafve\xff");
}

TEST(Path, BoundsNamesAndPaths) {
  EXPECT_EQ(resolved("/", std::string(255, 'a')), "/" + std::string(255, 'a'));
  EXPECT_EQ(resolved("/", std::string(256, 'a')), "bad_name");
  std::string longest;
  for (int i = 0; i < 16; ++i) longest += "/" + std::string(255, 'a');
  EXPECT_EQ(longest.size(), 4096U);
  EXPECT_EQ(resolved("/", longest), longest);
  EXPECT_EQ(resolved(longest, "b"), "bad_name");
  EXPECT_EQ(resolved(longest, "../b").size(), 4096U - 255U + 1U);
}

TEST(Path, TakesApart) {
  const Path path = *Path::absolute("/a/b c/d");
  EXPECT_EQ(path.name(), "d");
  EXPECT_EQ(path.parent().text(), "/a/b c");
  EXPECT_EQ(path.parent().parent().parent().text(), "/");
  EXPECT_EQ(Path{}.parent(), Path{});
  EXPECT_EQ(Path{}.name(), "");
  EXPECT_EQ(path.segments(), (std::vector<std::string_view>{"a", "b c", "d"}));
  EXPECT_TRUE(Path{}.segments().empty());
  EXPECT_EQ(Path{}.child("x").text(), "/x");
  EXPECT_EQ(path.child("x").text(), "/a/b c/d/x");
}

TEST(Path, KnowsItsAncestors) {
  const Path a = *Path::absolute("/a");
  const Path ab = *Path::absolute("/a/b");
  const Path lookalike = *Path::absolute("/ab");
  EXPECT_TRUE(ab.within(a));
  EXPECT_TRUE(a.within(a));
  EXPECT_TRUE(ab.within(Path{}));
  EXPECT_TRUE(Path{}.within(Path{}));
  EXPECT_FALSE(lookalike.within(a));
  EXPECT_FALSE(a.within(ab));
  EXPECT_FALSE(Path{}.within(a));
  EXPECT_EQ(ab.relative_to(a).text(), "/b");
  EXPECT_EQ(ab.relative_to(ab).text(), "/");
  EXPECT_EQ(ab.relative_to(Path{}).text(), "/a/b");
  EXPECT_EQ(a.join(ab).text(), "/a/a/b");
  EXPECT_EQ(Path{}.join(ab), ab);
  EXPECT_EQ(ab.join(Path{}), ab);
}

TEST(Path, JudgesNames) {
  for (std::string_view good : {"a", " ", "...", "-", "%2F", "\xff"}) EXPECT_TRUE(valid_name(good)) << good;
  for (std::string_view bad : {"", ".", "..", "a/b", "a\n"}) EXPECT_FALSE(valid_name(bad)) << bad;
  EXPECT_FALSE(valid_name(std::string(256, 'a')));
}

}  // namespace
}  // namespace gantry::vfs
