#include "terminal/table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <clocale>

#include "terminal/text.hpp"

namespace gantry::terminal {
namespace {

class Tables : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr); }
};

std::vector<Cell> cells(std::initializer_list<const char*> names) {
  std::vector<Cell> out;
  for (const char* name : names) out.push_back({.text = name});
  return out;
}

TEST_F(Tables, ColumnsAreAlignedByDisplayWidth) {
  static constexpr std::array columns = {Align::left, Align::right, Align::left};
  EXPECT_EQ(table(columns, {cells({"中文", "5", "a"}), cells({"x", "1000", "b"})}, false),
            "中文     5  a\n"
            "x     1000  b\n");
}

TEST_F(Tables, EmptyCellsKeepTheirPlaceAndLinesEndWithoutBlanks) {
  static constexpr std::array columns = {Align::left, Align::right, Align::left};
  EXPECT_EQ(table(columns, {cells({"abc", "", "z"}), cells({"", "12", ""}), cells({"q"})}, false),
            "abc      z\n"
            "     12\n"
            "q\n");
}

TEST_F(Tables, ColoursTakeNoWidth) {
  static constexpr std::array columns = {Align::left, Align::left};
  EXPECT_EQ(
      table(columns, {{{.text = "dir", .style = Style::directory, .tail = "/"}, {.text = "x"}}, cells({"longer", "y"})},
            true),
      "\x1b[1;34mdir\x1b[0m/    x\n"
      "longer  y\n");
}

TEST_F(Tables, NamesAreEscaped) {
  static constexpr std::array columns = {Align::left};
  EXPECT_EQ(table(columns, {cells({"a\x1b[31m"})}, false), "a\\x1b[31m\n");
  EXPECT_EQ(in_columns(cells({"a\nb"}), 80, false), "a\\x0ab\n");
}

TEST_F(Tables, ShortNamesStandInColumnsReadDownwards) {
  EXPECT_EQ(in_columns(cells({"a", "b", "c", "d", "e"}), 7, false),
            "a  c  e\n"
            "b  d\n");
  EXPECT_EQ(in_columns({}, 80, false), "");
}

TEST_F(Tables, NoLineIsWiderThanTheWindowUnlessANameIs) {
  std::vector<Cell> names;
  for (int i = 0; i < 200; ++i) names.push_back({.text = std::string(static_cast<std::size_t>(i % 17), 'n') + "文"});
  for (const std::size_t width : {20U, 33U, 80U, 200U}) {
    const std::string text = in_columns(names, width, false);
    std::size_t at = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at))
      EXPECT_LE(width_of(text.substr(at, end - at)), width);
  }
  EXPECT_EQ(in_columns(cells({"a-very-long-name", "b"}), 5, false), "a-very-long-name\nb\n");
}

TEST_F(Tables, SizesForListingsTakeFiveColumnsAtMost) {
  EXPECT_EQ(short_bytes(0), "0");
  EXPECT_EQ(short_bytes(1023), "1023");
  EXPECT_EQ(short_bytes(1024), "1.0K");
  EXPECT_EQ(short_bytes(10 * 1024), "10K");
  EXPECT_EQ(short_bytes(1023 * 1024), "1.0M") << "1023K would be wider than its neighbours for nothing";
  EXPECT_EQ(short_bytes(std::uint64_t{5} << 40), "5.0T");
  EXPECT_EQ(short_bytes(~std::uint64_t{0}), "16E");
}

}  // namespace
}  // namespace gantry::terminal
