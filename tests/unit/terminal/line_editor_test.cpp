#include "terminal/line_editor.hpp"

#include <gtest/gtest.h>

namespace gantry::terminal {
namespace {

TEST(CommonBeginning, GoesAsFarAsAllAgree) {
  EXPECT_EQ(common_beginning({}), "");
  EXPECT_EQ(common_beginning({{.text = "only"}}), "only");
  EXPECT_EQ(common_beginning({{.text = "report-a"}, {.text = "report-b"}}), "report-");
  EXPECT_EQ(common_beginning({{.text = "a"}, {.text = "ab"}, {.text = "abc"}}), "a");
  EXPECT_EQ(common_beginning({{.text = "x"}, {.text = "y"}}), "");
}

TEST(CommonBeginning, SplitsNoCharacter) {
  EXPECT_EQ(common_beginning({{.text = "中文"}, {.text = "中斗"}}), "中") << "文 and 斗 share two bytes of three";
  EXPECT_EQ(common_beginning({{.text = "é"}, {.text = "è"}}), "");
}

TEST(CommonBeginning, PartsNoBackslashFromWhatItQuotes) {
  EXPECT_EQ(common_beginning({{.text = "a\\ b"}, {.text = "a\\\\c"}}), "a");
  EXPECT_EQ(common_beginning({{.text = "a\\\\b"}, {.text = "a\\\\c"}}), "a\\\\");
}

}  // namespace
}  // namespace gantry::terminal
