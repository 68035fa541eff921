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

}  // namespace
}  // namespace gantry::proto
