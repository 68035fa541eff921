// Text helpers and what an error says.
#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace gantry {
namespace {

using testing::ElementsAre;
using namespace std::string_view_literals;

TEST(Text, CaseIsAsciiOnly) {
  EXPECT_EQ(to_lower("STOR \xC3\x84z["), "stor \xC3\x84z[");
  EXPECT_EQ(to_upper("retr \xC3\xA4{@"), "RETR \xC3\xA4{@");
  EXPECT_TRUE(equal_ignoring_case("PaSv", "pAsV"));
  EXPECT_FALSE(equal_ignoring_case("PASV", "PAS"));
  EXPECT_FALSE(equal_ignoring_case("\xC3\x84", "\xC3\xA4"));
}

TEST(Text, TrimsBlanksAndTabs) {
  EXPECT_EQ(trim(" \t a b \t"), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim("a\r"), "a\r");
}

TEST(Text, SplitsIntoEveryPiece) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
}

struct Utf8Case {
  std::string_view bytes;
  bool valid;
};

class Utf8 : public testing::TestWithParam<Utf8Case> {};

TEST_P(Utf8, IsToldFromOtherBytes) {
  EXPECT_EQ(is_utf8(GetParam().bytes), GetParam().valid) << to_hex(GetParam().bytes);
  const std::string among = "a" + std::string(GetParam().bytes) + "z";
  EXPECT_EQ(is_utf8(among), GetParam().valid) << to_hex(among);
}

INSTANTIATE_TEST_SUITE_P(Rfc3629, Utf8,
                         testing::Values(Utf8Case{"", true}, Utf8Case{"\0"sv, true}, Utf8Case{"\x7F", true},
                                         Utf8Case{"\xC2\x80", true}, Utf8Case{"\xDF\xBF", true},
                                         Utf8Case{"\xE0\xA0\x80", true}, Utf8Case{"\xED\x9F\xBF", true},
                                         Utf8Case{"\xEE\x80\x80", true}, Utf8Case{"\xEF\xBF\xBF", true},
                                         Utf8Case{"\xF0\x90\x80\x80", true}, Utf8Case{"\xF4\x8F\xBF\xBF", true},
                                         Utf8Case{"\x80", false},              // a tail alone
                                         Utf8Case{"\xC0\x80", false},          // overlong NUL
                                         Utf8Case{"\xC1\xBF", false},          // overlong, two bytes
                                         Utf8Case{"\xE0\x9F\xBF", false},      // overlong, three bytes
                                         Utf8Case{"\xF0\x8F\xBF\xBF", false},  // overlong, four bytes
                                         Utf8Case{"\xED\xA0\x80", false},      // a surrogate
                                         Utf8Case{"\xED\xBF\xBF", false},      // the last surrogate
                                         Utf8Case{"\xF4\x90\x80\x80", false},  // beyond U+10FFFF
                                         Utf8Case{"\xF5\x80\x80\x80", false},  //
                                         Utf8Case{"\xFF", false}, Utf8Case{"\xC3", false}, Utf8Case{"\xE2\x82", false},
                                         Utf8Case{"\xF0\x9F\x98", false}, Utf8Case{"\xE2\x28\xA1", false}));

TEST(Text, ControlBytesAreFoundAndShown) {
  EXPECT_FALSE(has_control("plain \xC3\xA4~"));
  EXPECT_TRUE(has_control("a\nb"));
  EXPECT_TRUE(has_control("a\x7F"));
  EXPECT_TRUE(has_control("\0"sv));
  EXPECT_EQ(escape_control("a\r\nb\x7F\xC3\xA4\0"sv), "a\\x0d\\x0ab\\x7f\xC3\xA4\\x00");
}

TEST(Text, Hexadecimal) { EXPECT_EQ(to_hex("\x00\xff\x1a"sv), "00ff1a"); }

TEST(Bytes, RangesAndChunks) {
  EXPECT_TRUE(ByteRange{}.whole());
  EXPECT_FALSE((ByteRange{.offset = 1}).whole());
  EXPECT_FALSE((ByteRange{.offset = 0, .length = 5}).whole());
  EXPECT_EQ(total_size({as_byte_view("abc"), as_byte_view(""), as_byte_view("de")}), 5U);
  EXPECT_EQ(as_text(as_byte_view("a\0b"sv)), "a\0b"sv);
}

TEST(Error, SaysEverythingItKnows) {
  EXPECT_EQ((Error{Errc::not_found, "head", "", ""}).text(), "head: not_found");
  EXPECT_EQ((Error{Errc::throttled, "put_part", "SlowDown", "42"}).text(),
            "put_part: throttled: SlowDown (request id 42)");
  EXPECT_EQ((Error{Errc::corrupt, "put", "", "7"}).text(), "put: corrupt (request id 7)");
}

TEST(Error, EveryCodeHasItsName) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code)
    EXPECT_NE(to_string(static_cast<Errc>(code)), "unknown") << code;
  EXPECT_EQ(to_string(Errc::data_open_failed), "data_open_failed");
}

}  // namespace
}  // namespace gantry
