#include "proto/time_text.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace gantry::proto {
namespace {

using namespace std::string_literals;

WallTime unix_ms(std::int64_t count) { return WallTime(std::chrono::milliseconds(count)); }

TEST(ParseTimeVal, KnownMoments) {
  struct Case {
    const char* text;
    std::int64_t milliseconds;
  };
  const Case cases[] = {
      {"19700101000000", 0},
      {"19691231235959", -1000},
      {"20010909014640", 1'000'000'000'000},
      {"20380119031407", 2'147'483'647'000},
      {"20380119031408", 2'147'483'648'000},
      {"20240229120000", 1'709'208'000'000},
      {"20000229000000", 951'782'400'000},
      {"00010101000000", -62'135'596'800'000},
      {"99991231235959.999", 253'402'300'799'999},
      {"19700101000000.5", 500},
      {"19700101000000.05", 50},
      {"19700101000000.123456789", 123},
      {"19700101000000.000999999", 0},
      {"19700101000060", 59'000},
      {"19691231235959.001", -999},
  };
  for (const Case& one : cases) EXPECT_EQ(parse_time_val(one.text), unix_ms(one.milliseconds)) << one.text;
}

TEST(ParseTimeVal, RefusesWhatIsNoMoment) {
  const std::string cases[] = {"",
                               "2024",
                               "2024010200000",
                               "202401020000000",
                               "20240102030405.",
                               "20240102030405.x",
                               "20240102030405,5",
                               "20240102030405.1234567890",
                               "20240102030405 ",
                               " 20240102030405",
                               "20240102030405Z",
                               "20240102030405.1.2",
                               "20241301000000",
                               "20240001000000",
                               "20240100000000",
                               "20240132000000",
                               "20240431000000",
                               "20230229000000",
                               "19000229000000",
                               "21000229000000",
                               "20240230000000",
                               "20240102240000",
                               "20240102006000",
                               "20240102000061",
                               "99999999999999",
                               "00000000000000",
                               "00000101000000",
                               "-2240102030405",
                               "+2024010203040",
                               "2024-01-02T03:",
                               "2024010203040\xB2",
                               "2024010203040\0"s,
                               std::string(255, '1'),
                               std::string(100'000, '0'),
                               "20240102030405." + std::string(255, '0')};
  for (const std::string& one : cases) EXPECT_FALSE(parse_time_val(one)) << one.substr(0, 40);
}

TEST(FormatTimeVal, Formats) {
  EXPECT_EQ(format_time_val(unix_ms(0)), "19700101000000");
  EXPECT_EQ(format_time_val(unix_ms(1'709'208'000'000)), "20240229120000");
  EXPECT_EQ(format_time_val(unix_ms(7)), "19700101000000.007");
  EXPECT_EQ(format_time_val(unix_ms(-1)), "19691231235959.999");
  EXPECT_EQ(format_time_val(WallTime::min()), "00010101000000");
  EXPECT_EQ(format_time_val(WallTime::max()), "99991231235959.999");
}

TEST(FormatTimeVal, EveryDayOfFourCenturiesComesBack) {
  using std::chrono::days;
  for (WallTime day = std::chrono::sys_days{std::chrono::year{1800} / 1 / 1};
       day < std::chrono::sys_days{std::chrono::year{2200} / 1 / 1}; day += days{1})
    ASSERT_EQ(parse_time_val(format_time_val(day)), day) << format_time_val(day);
}

TEST(SplitTimeAndPath, Splits) {
  EXPECT_EQ(split_time_and_path("19700101000000 a"), (TimeAndPath{unix_ms(0), "a"}));
  EXPECT_EQ(split_time_and_path("19700101000000.5 a b "), (TimeAndPath{unix_ms(500), "a b "}));
  EXPECT_EQ(split_time_and_path("19700101000000  a"), (TimeAndPath{unix_ms(0), " a"}));
  for (const char* one : {"", " ", "a", "19700101000000", "19700101000000 ", " 19700101000000 a", "197001010000 a",
                          "a 19700101000000", "19709901000000 a", "19700101000000\ta"})
    EXPECT_FALSE(split_time_and_path(one)) << one;
}

TEST(SiteUtime, StampFirst) {
  EXPECT_EQ(parse_site_utime("197001010000 a b"), (TimeAndPath{unix_ms(0), "a b"}));
  EXPECT_EQ(parse_site_utime("19700101000001 a"), (TimeAndPath{unix_ms(1000), "a"}));
  EXPECT_EQ(parse_site_utime("197001010000  a"), (TimeAndPath{unix_ms(0), " a"}));
}

TEST(SiteUtime, ThreeTimes) {
  EXPECT_EQ(parse_site_utime("a 19700101000001 19700101000002 19700101000003 UTC"), (TimeAndPath{unix_ms(2000), "a"}));
  EXPECT_EQ(parse_site_utime("a b  19700101000001 197001010001 19700101000003 utc"),
            (TimeAndPath{unix_ms(60'000), "a b "}));
  // Both forms fit: the longer one says more.
  EXPECT_EQ(parse_site_utime("19700101000009 19700101000001 19700101000002 19700101000003 UTC"),
            (TimeAndPath{unix_ms(2000), "19700101000009"}));
}

TEST(SiteUtime, RefusesTheRest) {
  for (const char* one :
       {"", " ", "a", "197001010000", "197001010000 ", "1970010100 a", "197013010000 a", "1970010100000 a",
        "19700101000000.5 a", "a 19700101000001 19700101000002 19700101000003",
        "a 19700101000001 19700101000002 19700101000003 GMT", "a 19700101000001 19701301000002 19700101000003 UTC",
        "a 19701301000001 19700101000002 19700101000003 UTC", "a 19700101000001 19700101000002 x UTC",
        " 19700101000001 19700101000002 19700101000003 UTC", "19700101000001 19700101000002 UTC x y UTC z"}) {
    auto parsed = parse_site_utime(one);
    // The last one is a stamp and an odd name, and rightly so.
    if (std::string_view(one).ends_with(" z"))
      EXPECT_EQ(parsed->path, "19700101000002 UTC x y UTC z");
    else
      EXPECT_FALSE(parsed) << one;
  }
}

}  // namespace
}  // namespace gantry::proto
