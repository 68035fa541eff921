#include "terminal/bars.hpp"

#include <gtest/gtest.h>

#include <clocale>

#include "terminal/text.hpp"

namespace gantry::terminal {
namespace {

class Bars : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

const Bar half{.name = "movie.mkv", .bytes = 512 * mib, .size = gib, .rate = 16.0 * mib};

TEST_F(Bars, TellsWhatThereIsRoomFor) {
  EXPECT_EQ(bar_line(half, 79, 0, false),
            "movie.mkv                   50% [==========>            ]  512M   16M/s    0:32");
  EXPECT_EQ(bar_line(half, 50, 0, false), "movie.mkv     50% [===>    ]  512M   16M/s    0:32");
  EXPECT_EQ(bar_line(half, 32, 0, false), "movie.mkv    50%   16M/s    0:32");
  EXPECT_EQ(bar_line(half, 20, 0, false), "movie.mkv        50%");
  EXPECT_EQ(bar_line(half, 8, 0, false), "movi…mkv") << "too narrow for more than the name";
}

TEST_F(Bars, NoLineIsWiderThanTheWindow) {
  Bar bar{
      .name = "한국어-파일-이름-中文文件名-e\u0301.tar.gz", .bytes = 5 * gib, .size = 7 * tib, .rate = 1023.0 * mib};
  for (std::size_t columns = 1; columns < 250; ++columns) {
    bar.doing.clear();
    EXPECT_LE(width_of(bar_line(bar, columns, columns, false)), columns);
    EXPECT_EQ(width_of(bar_line(bar, columns, columns, false)), columns) << "all of them end in the same column";
    bar.size.reset();
    EXPECT_LE(width_of(bar_line(bar, columns, columns, false)), columns);
    bar.size = 7 * tib;
    bar.doing = "waiting 30 s: 421 Too many connections from this address";
    EXPECT_LE(width_of(bar_line(bar, columns, columns, false)), columns);
    EXPECT_LE(width_of(sum_line({.files = 200'000, .ended = 1, .failed = 3, .bytes = 1, .size = tib, .rate = 1e6},
                                columns, false)),
              columns);
  }
}

TEST_F(Bars, AnUnknownSizeHasNoPercentageAndASignThatMoves) {
  Bar bar = half;
  bar.size.reset();
  const std::string now = bar_line(bar, 79, 0, false);
  EXPECT_EQ(now.find('%'), std::string::npos);
  EXPECT_NE(now.find("[<=>"), std::string::npos);
  EXPECT_NE(now.find("512M"), std::string::npos);
  EXPECT_NE(now, bar_line(bar, 79, 1, false));
}

TEST_F(Bars, WhileNoBytesFlowItSaysWhatHappens) {
  Bar bar{.name = "a", .bytes = 10, .size = 10, .rate = 0, .doing = "storing"};
  const std::string line = bar_line(bar, 60, 0, false);
  EXPECT_NE(line.find("storing"), std::string::npos);
  EXPECT_EQ(line.find("100%"), std::string::npos);
  EXPECT_NE(line, bar_line(bar, 60, 2, false)) << "the sign moves";
}

TEST_F(Bars, NamesCannotMoveTheCursor) {
  Bar bar = half;
  bar.name = "a\x1b[2Jb\n";
  EXPECT_EQ(bar_line(bar, 79, 0, false).find_first_of("\x1b\n"), std::string::npos);
  bar.doing = "421 \x1b]0;title\x07";
  EXPECT_EQ(bar_line(bar, 79, 0, false).find_first_of("\x1b\x07"), std::string::npos);
}

TEST_F(Bars, ColoursOnlyWhereAsked) {
  EXPECT_EQ(bar_line(half, 79, 0, false).find('\x1b'), std::string::npos);
  EXPECT_NE(bar_line(half, 79, 0, true).find("\x1b[32m"), std::string::npos);
}

TEST_F(Bars, TheTotalDropsWhatMattersLeast) {
  const Sum sum{.files = 200, .ended = 12, .failed = 2, .bytes = gib, .size = 4 * gib, .rate = 32.0 * mib};
  EXPECT_EQ(sum_line(sum, 79, false), "12/200 files  2 failed  25%  1.0G of 4.0G  32M/s  1:36 left");
  EXPECT_EQ(sum_line(sum, 50, false), "12/200 files  2 failed  25%  32M/s  1:36 left");
  EXPECT_EQ(sum_line(sum, 29, false), "12/200 files  2 failed  25%");
  EXPECT_EQ(sum_line(sum, 12, false), "12/200 files");
}

TEST_F(Bars, WhatIsKnownSoFarIsNoTotal) {
  EXPECT_EQ(sum_line({.files = 61, .more = true, .ended = 60, .bytes = gib, .rate = 32.0 * mib}, 79, false),
            "60 files  1.0G  32M/s");
  EXPECT_EQ(sum_words({.files = 61, .more = true, .ended = 60, .bytes = gib, .rate = 32.0 * mib}),
            "60 files, 1.0 GiB, 32.0 MiB/s");
}

TEST_F(Bars, WordsForLogs) {
  EXPECT_EQ(sum_words({.files = 1, .bytes = gib, .size = 4 * gib, .rate = 32.0 * mib}),
            "25 %, 1.0 GiB of 4.0 GiB, 32.0 MiB/s, 1:36 left");
  EXPECT_EQ(sum_words({.files = 7, .ended = 3, .failed = 1, .bytes = 2048, .rate = 0}),
            "3 of 7 files, 1 failed, 2.0 KiB, 0 B/s");
}

TEST(Percent, IsHundredOnlyWhenAllIsThere) {
  EXPECT_EQ(percent_of(0, 0), 100U);
  EXPECT_EQ(percent_of(999'999, 1'000'000), 99U);
  EXPECT_EQ(percent_of(1'000'000, 1'000'000), 100U);
  EXPECT_EQ(percent_of(~std::uint64_t{0} - 1, ~std::uint64_t{0}) <= 100U, true);
}

TEST(ClockText, TakesSevenColumnsAtMost) {
  EXPECT_EQ(clock_text(Seconds(0)), "0:00");
  EXPECT_EQ(clock_text(Seconds(42)), "0:42");
  EXPECT_EQ(clock_text(Seconds(3599)), "59:59");
  EXPECT_EQ(clock_text(Seconds(3723)), "1:02:03");
  EXPECT_EQ(clock_text(Seconds(86400 * 3 + 4 * 3600)), "3d 4h");
  EXPECT_EQ(clock_text({}), "-");
  EXPECT_LE(clock_text(Seconds(999'999'999)).size(), 7U);
}

TEST(TimeLeft, IsUnknownWithoutSizeOrMovement) {
  EXPECT_EQ(time_left(50, 100, 10.0), Seconds(5));
  EXPECT_EQ(time_left(100, 100, 0), Seconds(0));
  EXPECT_FALSE(time_left(50, {}, 10.0));
  EXPECT_FALSE(time_left(50, 100, 0));
}

TEST(SpeedOverTime, ForgetsWhatIsLongAgo) {
  Speed speed;
  const Clock::time_point begin{};
  EXPECT_EQ(speed.per_second(), 0);
  speed.sample(begin, 1000);
  EXPECT_EQ(speed.per_second(), 0) << "one sample is no rate; what was there before did not move";
  for (int tenth = 1; tenth <= 100; ++tenth)
    speed.sample(begin + Milliseconds(100 * tenth), 1000 + 50 * static_cast<std::uint64_t>(tenth));
  EXPECT_NEAR(speed.per_second(), 500, 1);
  for (int tenth = 101; tenth <= 160; ++tenth) speed.sample(begin + Milliseconds(100 * tenth), 6000);
  EXPECT_EQ(speed.per_second(), 0) << "nothing moved for more than five seconds";
}

}  // namespace
}  // namespace gantry::terminal
