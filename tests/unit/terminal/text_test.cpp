#include "terminal/text.hpp"

#include <gtest/gtest.h>

#include <clocale>

namespace gantry::terminal {
namespace {

class Text : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

TEST_F(Text, WidthCountsColumns) {
  EXPECT_EQ(width_of(""), 0U);
  EXPECT_EQ(width_of("abc"), 3U);
  EXPECT_EQ(width_of("中文"), 4U);
  EXPECT_EQ(width_of("한글.txt"), 8U);
  EXPECT_EQ(width_of("e\u0301"), 1U) << "a combining mark takes none";
  EXPECT_EQ(width_of("\xff\xfe"), 2U) << "malformed bytes take one each";
}

TEST_F(Text, NothingThatMovesTheCursorReachesTheTerminal) {
  EXPECT_EQ(printable("plain 中文"), "plain 中文");
  EXPECT_EQ(printable("a\x1b[2Jb\r\n"), "a\\x1b[2Jb\\x0d\\x0a");
  EXPECT_EQ(printable("\u009b2J"), "\\xc2\\x9b2J") << "CSI in one character";
  EXPECT_EQ(printable("\x9b"), "\\x9b") << "and in one byte";
  EXPECT_EQ(printable("exe\u202etxt.scr"), "exe\\xe2\\x80\\xaetxt.scr") << "writing turned round";
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST_F(Text, CutKeepsBothEnds) {
  EXPECT_EQ(cut("short", 5), "short");
  EXPECT_EQ(cut("a-long-name.tar.gz", 9), "a-lo…r.gz");
  EXPECT_EQ(cut("abcdef", 1), "…");
  EXPECT_EQ(cut("abcdef", 0), "");
}

TEST_F(Text, CutSplitsNoWideCharacter) {
  EXPECT_EQ(cut("中文文件名字.txt", 9), "中文….txt");
  EXPECT_EQ(cut("中文文件名字", 6), "中…字") << "5 columns: the sixth would take half a character";
  for (std::size_t columns = 0; columns < 30; ++columns)
    EXPECT_LE(width_of(cut("목록-文件-e\u0301e\u0301e\u0301-名字.한글", columns)), columns);
}

TEST_F(Text, CombiningMarksStayWithTheirLetters) {
  EXPECT_EQ(cut("aaae\u0301xxxxe\u0301", 4), "aa…e\u0301");
  EXPECT_EQ(cut("e\u0301bcdef", 2), "e\u0301…");
}

TEST_F(Text, FitIsExactlyAsWide) {
  EXPECT_EQ(fit("中", 4), "中  ");
  EXPECT_EQ(fit_right("中", 4), "  中");
  for (std::size_t columns = 0; columns < 20; ++columns)
    EXPECT_EQ(width_of(fit("中文文件名字.txt", columns)), columns) << columns;
}

}  // namespace
}  // namespace gantry::terminal
