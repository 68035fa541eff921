#include "client/words.hpp"

#include <gtest/gtest.h>

namespace gantry::client {
namespace {

using Words = std::vector<std::string>;

TEST(Words, BlanksPart) {
  EXPECT_EQ(split_words("get  a\tb "), (Words{"get", "a", "b"}));
  EXPECT_EQ(split_words(""), Words{});
  EXPECT_EQ(split_words("   "), Words{});
}

TEST(Words, QuotationsAndBackslashes) {
  EXPECT_EQ(split_words(R"(get 'a b' "c d" e\ f)"), (Words{"get", "a b", "c d", "e f"}));
  EXPECT_EQ(split_words(R"(x"y z"w)"), (Words{"xy zw"})) << "a quotation in the middle of a word";
  EXPECT_EQ(split_words(R"("a\"b\\c\d" 'e\f')"), (Words{"a\"b\\c\\d", "e\\f"}));
  EXPECT_EQ(split_words("put ''"), (Words{"put", ""})) << "an empty word is one";
  EXPECT_EQ(split_words(R"(\')"), Words{"'"});
  EXPECT_EQ(split_words("中文 '文 件'"), (Words{"中文", "文 件"}));
}

TEST(Words, OpenQuotationsAreRefused) {
  EXPECT_FALSE(split_words("get 'a b"));
  EXPECT_FALSE(split_words(R"(get "a\")"));
}

TEST(Words, CommentsBeginWithAWord) {
  EXPECT_EQ(split_words("# nothing"), Words{});
  EXPECT_EQ(split_words("ls # what 'is there"), Words{"ls"});
  EXPECT_EQ(split_words("get a#b"), (Words{"get", "a#b"}));
  EXPECT_EQ(split_words("get '#1' \\#2"), (Words{"get", "#1", "#2"}));
}

TEST(Words, WhatIsBeingTyped) {
  const Typing word = read_typing(R"(get some\ na)");
  EXPECT_EQ(word.words, Words{"get"});
  EXPECT_EQ(word.begun, "some na");
  EXPECT_EQ(word.from, 4U);
  EXPECT_EQ(word.quote, 0);
  const Typing open = read_typing(R"(get "some na)");
  EXPECT_EQ(open.begun, "some na");
  EXPECT_EQ(open.from, 4U);
  EXPECT_EQ(open.quote, '"');
  const Typing behind = read_typing("get ");
  EXPECT_EQ(behind.words, Words{"get"});
  EXPECT_EQ(behind.begun, "");
  EXPECT_EQ(behind.from, 4U);
  EXPECT_EQ(read_typing("get \\").begun, "") << "a backslash that quotes nothing yet";
}

TEST(Words, WhatIsOfferedReadsBackAsTheName) {
  for (const std::string name : {"plain", "a b", "it's", "say \"x\"", "back\\slash", "#1", "中 文", "a'b\"c d\\"}) {
    for (const char quote : {'\0', '\'', '"'}) {
      std::string word = as_word(name, quote);
      if (quote != 0) word += quote;
      EXPECT_EQ(split_words("get " + word), (Words{"get", name})) << word;
    }
  }
}

}  // namespace
}  // namespace gantry::client
