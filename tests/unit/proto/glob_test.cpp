#include "proto/glob.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gantry::proto {
namespace {

using namespace std::string_literals;

TEST(Glob, IsPattern) {
  for (const char* text : {"*", "a?", "[a]", "[", "\\a*"}) EXPECT_TRUE(Glob::is_pattern(text)) << text;
  for (const char* text : {"", "a", "{a,b}", "\\*", "\\?", "\\[", "a\\", "~", "a]"})
    EXPECT_FALSE(Glob::is_pattern(text)) << text;
}

struct Case {
  std::string pattern;
  std::string name;
  bool wanted;
};

TEST(Glob, Matches) {
  const Case cases[] = {
      {"", "", true},
      {"", "a", false},
      {"a", "a", true},
      {"a", "A", false},
      {"a", "", false},
      {"a", "ab", false},
      {"*", "", true},
      {"*", "abc", true},
      {"**", "abc", true},
      {"*.txt", "a.txt", true},
      {"*.txt", "a.txtx", false},
      {"*.txt", ".txt", false},
      {"a*", "a", true},
      {"a*c", "abc", true},
      {"a*c", "abcb", false},
      {"*a*b*", "xxaxxbxx", true},
      {"*a*b*", "xxbxxaxx", false},
      {"*ab", "aab", true},
      {"*aab", "aaaab", true},
      {"?", "a", true},
      {"?", "", false},
      {"?", "ab", false},
      {"?", "\xC3", true},
      {"??", "\xC3\xA4", true},
      {"[abc]", "b", true},
      {"[abc]", "d", false},
      {"[a-c]", "b", true},
      {"[a-c]", "d", false},
      {"[a-c]x", "cx", true},
      {"[!a-c]", "d", true},
      {"[!a-c]", "b", false},
      {"[^a]", "b", true},
      {"[^a]", "a", false},
      {"[!a]", "", false},
      {"[]]", "]", true},
      {"[]a]", "a", true},
      {"[!]]", "]", false},
      {"[!]]", "a", true},
      {"[a-]", "-", true},
      {"[a-]", "a", true},
      {"[-a]", "-", true},
      {"[a-]", "b", false},
      {"[c-a]", "b", false},
      {"[c-a]", "c", false},
      {"[\\]]", "]", true},
      {"[\\]]", "\\", false},
      {"[a\\-c]", "b", false},
      {"[a\\-c]", "-", true},
      {"[a-\\]]", "]", false},
      {"[Z-\\]]", "[", true},
      {"[\x80-\xFF]", "\xC3", true},
      {"[\x80-\xFF]", "a", false},
      {"[a-\xFF]", "\xC3", true},
      {"[", "[", true},
      {"[a", "[a", true},
      {"[a", "a", false},
      {"a[", "a[", true},
      {"[!", "[!", true},
      {"[]", "[]", true},
      {"[*", "[xyz", true},
      {"[[[", "[[[", true},
      {"[[]", "[", true},
      {"\\*", "*", true},
      {"\\*", "a", false},
      {"\\a", "a", true},
      {"\\\\", "\\", true},
      {"a\\", "a\\", true},
      {"\\", "\\", true},
      {"{a,b}", "a", false},
      {"{a,b}", "{a,b}", true},
      {"~{", "~{", true},
      {"*a", "ba\0"s, false},
      {"*", "a\0b"s, true},
  };
  for (const Case& one : cases)
    EXPECT_EQ(Glob(one.pattern).matches(one.name), one.wanted) << one.pattern << ' ' << one.name;
}

TEST(Glob, DotNames) {
  for (const char* pattern : {"*", "?a", "[.]a", "[!x]a", "*a"}) {
    EXPECT_FALSE(Glob(pattern).matches(".a")) << pattern;
    EXPECT_TRUE(Glob(pattern, Glob::DotNames::match).matches(".a")) << pattern;
  }
  for (const char* pattern : {".a", ".*", ".?", "\\.a"}) EXPECT_TRUE(Glob(pattern).matches(".a")) << pattern;
  EXPECT_TRUE(Glob("a*").matches("a.b"));
}

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Glob, BombsEndWithinTheBudget) {
  const std::string name(255, 'a');
  const std::string patterns[] = {repeated("*a", 30),           repeated("*a", 30) + "b",
                                  repeated("{a,b}", 20),        repeated("*/", 20),
                                  repeated("[", 4096),          repeated("*", 200),
                                  repeated("*", 200) + "b",     repeated("*[a]", 100) + "b",
                                  repeated("*[!b]", 100) + "b", "*" + std::string(127, 'a') + "b",
                                  repeated("?*", 200) + "b",    repeated("[a-", 1365),
                                  repeated("*a*", 85) + "b",    repeated("[!", 2048),
                                  repeated("[]", 2048),         repeated("\\", 4096)};
  const auto start = std::chrono::steady_clock::now();
  for (const std::string& pattern : patterns) {
    Glob glob(pattern);
    for (int i = 0; i < 20; ++i) {
      const bool found = glob.matches(name);
      const bool stars_and_a = pattern.find_first_not_of("*a") == std::string::npos;
      EXPECT_EQ(found, stars_and_a) << pattern.substr(0, 20);
    }
  }
  // 320 matches and 16 compilations; generous for sanitizers on a busy machine, hopeless for anything exponential.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(Glob, BudgetEndsQuadraticMatches) {
  // Half the stretch must be tried at every place: about 16,000 comparisons, though the pattern does fit.
  const std::string pattern = "*" + std::string(127, 'a') + "b";
  EXPECT_TRUE(Glob(pattern).matches(std::string(140, 'a') + "b"));
  EXPECT_FALSE(Glob(pattern).matches(std::string(254, 'a') + "b"));
}

}  // namespace
}  // namespace gantry::proto
