#include "client/progress_text.hpp"

#include <gtest/gtest.h>

#include <clocale>

#include "terminal/text.hpp"

namespace gantry::client {
namespace {

using transfer::Board;
using transfer::Clock;
using transfer::Direction;
using transfer::Phase;

class Progress : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(std::setlocale(LC_CTYPE, "C.UTF-8"), nullptr);
    board.watch(true);
  }

  /// A look, so many seconds after the first one.
  transfer::View look(int seconds) {
    auto view = board.look();
    text.note(view, Clock::time_point() + Seconds(1 + seconds));
    return view;
  }

  Board board;
  ProgressText text{false};
};

TEST_F(Progress, AResumedTransferHasThePercentageOfTheWholeAndTheRateOfWhatMoved) {
  const auto id = board.add("file", Direction::down);
  board.start(id, 600 * mib, 1000 * mib);
  look(0);
  board.moved(id, 10 * mib);
  const auto view = look(1);
  const auto lines = text.bars(view, {.columns = 80, .rows = 24});
  ASSERT_EQ(lines.size(), 1U) << "one transfer needs no total";
  EXPECT_NE(lines[0].find(" 61%"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("10M/s"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("0:39"), std::string::npos) << lines[0];
}

TEST_F(Progress, ATryThatBeginsFurtherBackDoesNotTurnTheRateRound) {
  const auto id = board.add("file", Direction::down);
  board.start(id, 0, 100 * mib);
  look(0);
  board.moved(id, 50 * mib);
  look(1);
  board.start(id, 20 * mib, 100 * mib);
  const auto lines = text.bars(look(2), {});
  EXPECT_NE(lines[0].find(" 20%"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("25M/s"), std::string::npos) << lines[0];
}

TEST_F(Progress, SeveralHaveATotalAndNoMoreLinesThanTheWindow) {
  for (int i = 0; i < 50; ++i) board.start(board.add("file", Direction::up), 0, 10);
  const auto view = look(0);
  EXPECT_EQ(text.bars(view, {.columns = 80, .rows = 10}).size(), 9U) << "8 bars, the total, and one row above";
  EXPECT_EQ(text.bars(view, {.columns = 80, .rows = 100}).size(), 51U);
  EXPECT_EQ(text.bars(view, {.columns = 80, .rows = 1}).size(), 2U) << "a window without rows";
  for (const std::string& line : text.bars(view, {.columns = 20, .rows = 24}))
    EXPECT_LT(terminal::width_of(line), 20U) << "the last column stays free";
}

TEST_F(Progress, EveryPhaseSaysWhatHappens) {
  const auto id = board.add("file", Direction::up);
  const auto line = [&] { return text.bars(look(0), {})[0]; };
  board.phase(id, Phase::connecting);
  EXPECT_NE(line().find("connecting"), std::string::npos);
  board.start(id, 0, 10);
  board.moved(id, 10);
  EXPECT_NE(line().find("100%"), std::string::npos);
  board.phase(id, Phase::storing);
  EXPECT_NE(line().find("storing"), std::string::npos);
  EXPECT_EQ(line().find('%'), std::string::npos) << "no bar stuck at its end";
  board.phase(id, Phase::verifying);
  EXPECT_NE(line().find("verifying"), std::string::npos);
  board.phase(id, Phase::retrying, "again in 3 s: 421 too many connections");
  EXPECT_NE(line().find("again in 3 s: 421"), std::string::npos);
}

TEST_F(Progress, WhatEndedIsALineAndFailuresAreNot) {
  const auto done = board.add("d\x1bone", Direction::down);
  const auto skipped = board.add("skipped", Direction::down);
  const auto failed = board.add("failed", Direction::down);
  board.start(done, 1024, 3072);
  board.moved(done, 2048);
  board.phase(done, Phase::done, "SHA-256 equal");
  board.phase(skipped, Phase::skipped, "already there, nothing to do");
  board.phase(failed, Phase::failed, "550 No");
  const auto view = look(0);
  const std::string lines = text.ended(view);
  EXPECT_TRUE(lines.starts_with("d\\x1bone: 3.0 KiB in 0:00, ")) << lines;
  EXPECT_NE(lines.find("continued at 1.0 KiB, SHA-256 equal\nskipped: already there, nothing to do\n"),
            std::string::npos)
      << lines;
  EXPECT_EQ(lines.find("550"), std::string::npos);
  EXPECT_TRUE(text.bars(view, {}).empty());
  EXPECT_NE(text.summary(view.totals).find("total: 1 of 3 files"), std::string::npos);
  EXPECT_NE(text.summary(view.totals).find("; 1 skipped; 1 failed\n"), std::string::npos);
}

TEST_F(Progress, LinesForLogs) {
  EXPECT_EQ(text.interim(look(0)), "") << "nothing runs";
  const auto id = board.add("file", Direction::down);
  board.start(id, 0, 100 * mib);
  look(1);
  board.moved(id, 40 * mib);
  EXPECT_EQ(text.interim(look(3)), "file: 40 %, 40.0 MiB of 100.0 MiB, 13.3 MiB/s, 0:05 left\n");
  board.phase(id, Phase::verifying);
  EXPECT_TRUE(text.interim(look(4)).ends_with(" (verifying)\n"));
}

}  // namespace
}  // namespace gantry::client
