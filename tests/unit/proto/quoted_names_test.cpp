#include "proto/quoted_names.hpp"

#include <gtest/gtest.h>

namespace gantry::proto {
namespace {

using Names = std::vector<std::string>;

TEST(QuotedNames, AreInQuotesOrWithoutBlanks) {
  EXPECT_EQ(parse_names(R"("a b" plain "c")"), (Names{"a b", "plain", "c"}));
  EXPECT_EQ(parse_names(R"(  "a"   b  )"), (Names{"a", "b"}));
  EXPECT_EQ(parse_names(R"("say ""hi""" it"s)"), (Names{R"(say "hi")", R"(it"s)"}));
  EXPECT_EQ(parse_names(R"("""")"), (Names{R"(")"}));
  EXPECT_EQ(parse_names(""), Names{});
  EXPECT_EQ(parse_names("   "), Names{});
}

TEST(QuotedNames, WhatIsNoListIsSaid) {
  for (std::string_view bad : {R"("a)", R"(x "a)", R"("")", R"("a"b)", R"("a""b" "c)", R"(")"})
    EXPECT_EQ(parse_names(bad), std::nullopt) << bad;
}

TEST(QuotedNames, OneIsTakenFromTheFront) {
  std::string_view text = R"("a ""b""" rest)";
  EXPECT_EQ(take_quoted(text), R"(a "b")");
  EXPECT_EQ(text, " rest");
  EXPECT_EQ(take_quoted(text), std::nullopt);
  EXPECT_EQ(text, " rest");
}

TEST(QuotedNames, WhatIsQuotedIsTakenBack) {
  EXPECT_EQ(quote_name("a b"), R"("a b")");
  EXPECT_EQ(quote_name(R"(say "hi")"), R"("say ""hi""")");
  for (const std::string name : {"plain", "\"", "\"\"", "a \"b\" 1 2", "\\"}) {
    const std::string quoted = quote_name(name) + " 7";
    std::string_view text = quoted;
    EXPECT_EQ(take_quoted(text), name);
    EXPECT_EQ(text, " 7");
  }
}

}  // namespace
}  // namespace gantry::proto
