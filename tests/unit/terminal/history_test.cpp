#include "terminal/history.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_directory.hpp"

namespace gantry::terminal {
namespace {

using Lines = std::vector<std::string>;

TEST(HistoryFile, IsForItsOwnerAlone) {
  const test::TemporaryDirectory directory;
  const auto file = std::filesystem::path(directory.path()) / "state/gantry/history";
  History(file).add("ls");
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST(HistoryFile, IsReadByTheNextRunAndAddedToByTwo) {
  const test::TemporaryDirectory directory;
  const auto file = std::filesystem::path(directory.path()) / "history";
  History one(file);
  History two(file);
  one.add("ls");
  two.add("get '中文'");
  one.add("put x");
  EXPECT_EQ(History(file).lines(), (Lines{"ls", "get '中文'", "put x"}));
}

TEST(HistoryFile, KeepsNoLineTwiceInARow) {
  const test::TemporaryDirectory directory;
  History history(std::filesystem::path(directory.path()) / "history");
  history.add("ls");
  history.add("ls");
  history.add("");
  history.add("two\nlines");
  EXPECT_EQ(history.lines(), Lines{"ls"});
}

TEST(HistoryFile, ForgetsTheBeginningWhenItBecomesLong) {
  const test::TemporaryDirectory directory;
  const auto file = std::filesystem::path(directory.path()) / "history";
  {
    std::ofstream out(file);
    for (std::size_t i = 0; i <= 2 * History::most_lines; ++i) out << "line " << i << "\n";
  }
  const History history(file);
  EXPECT_EQ(history.lines().size(), History::most_lines);
  EXPECT_EQ(history.lines().back(), "line " + std::to_string(2 * History::most_lines));
  EXPECT_EQ(History(file).lines(), history.lines()) << "the file was cut as well";
}

TEST(HistoryFile, WithoutAFileItStillRemembers) {
  History history({});
  history.add("ls");
  EXPECT_EQ(history.lines(), Lines{"ls"});
}

}  // namespace
}  // namespace gantry::terminal
