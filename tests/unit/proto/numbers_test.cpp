#include "proto/numbers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

using namespace std::string_literals;

TEST(ParseOffset, AcceptsUpTo63Bits) {
  struct Case {
    const char* text;
    std::uint64_t wanted;
  };
  const Case cases[] = {{"0", 0},
                        {"1", 1},
                        {"007", 7},
                        {"2147483647", 2147483647ULL},
                        {"2147483648", 2147483648ULL},
                        {"4294967295", 4294967295ULL},
                        {"4294967296", 4294967296ULL},
                        {"9223372036854775807", 9223372036854775807ULL}};
  for (const Case& one : cases) EXPECT_EQ(parse_offset(one.text), one.wanted) << one.text;
}

TEST(ParseOffset, RefusesTheRest) {
  for (const std::string& one : {""s,
                                 " "s,
                                 "-1"s,
                                 "+1"s,
                                 " 1"s,
                                 "1 "s,
                                 "1x"s,
                                 "x"s,
                                 "0x10"s,
                                 "1.5"s,
                                 "1e20"s,
                                 "1,000"s,
                                 "\xB2"s,
                                 "1\0"s,
                                 "9223372036854775808"s,
                                 "18446744073709551615"s,
                                 "18446744073709551616"s,
                                 "18446744073709551617"s,
                                 "100000000000000000000"s,
                                 std::string(255, '9'),
                                 std::string(255, '1'),
                                 std::string(100'000, '9')})
    EXPECT_FALSE(parse_offset(one)) << one.substr(0, 40);
}

TEST(ParseRange, Parses) {
  EXPECT_EQ(parse_range("0 0"), (Range{0, 0, false}));
  EXPECT_EQ(parse_range("0 99"), (Range{0, 99, false}));
  EXPECT_EQ(parse_range("99 99"), (Range{99, 99, false}));
  EXPECT_EQ(parse_range("0 9223372036854775807"), (Range{0, 9223372036854775807ULL, false}));
  EXPECT_EQ(parse_range("1 0"), (Range{0, 0, true}));
}

TEST(ParseRange, RefusesTheRest) {
  for (const std::string& one : {""s,
                                 " "s,
                                 "1"s,
                                 "1 "s,
                                 " 1"s,
                                 "2 0"s,
                                 "2 1"s,
                                 "100 99"s,
                                 "1  2"s,
                                 "1 2 "s,
                                 " 1 2"s,
                                 "1 2 3"s,
                                 "-1 2"s,
                                 "1 -2"s,
                                 "1-2"s,
                                 "1,2"s,
                                 "a b"s,
                                 "0 9223372036854775808"s,
                                 "0 18446744073709551616"s,
                                 "18446744073709551617 18446744073709551616"s,
                                 std::string(255, '9') + " " + std::string(255, '9')})
    EXPECT_FALSE(parse_range(one)) << one.substr(0, 40);
}

}  // namespace
}  // namespace gantry::proto
