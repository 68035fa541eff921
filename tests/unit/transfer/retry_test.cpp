#include "transfer/retry.hpp"

#include <gtest/gtest.h>

namespace gantry::transfer {
namespace {

const Failure cut{.why = Why::network, .text = "connection lost", .again = true};

struct Fixture : testing::Test {
  FileOptions options{.tries = 3, .first_pause = Milliseconds(1), .longest_pause = Milliseconds(4)};
  Board board;
  Board::Id id = board.add("file", Direction::down);
  std::atomic<bool> stop = false;
  Tries tries{options, board, id, stop};
};

using Retry = Fixture;

TEST_F(Retry, GivesUpAfterTheTriesThatTheOptionsAllow) {
  EXPECT_TRUE(tries.again(cut, 0));
  EXPECT_TRUE(tries.again(cut, 0));
  EXPECT_FALSE(tries.again(cut, 0));
}

TEST_F(Retry, CountsOnlyTriesWithoutProgress) {
  for (std::uint64_t i = 1; i < 100; ++i) EXPECT_TRUE(tries.again(cut, i * Tries::progress));
}

TEST_F(Retry, TakesBytesThatMustBeSentAgainForNoProgress) {
  // A server that forgets what it got: each try moves a lot and leaves nothing.
  EXPECT_TRUE(tries.again(cut, 5 * Tries::progress));
  EXPECT_TRUE(tries.again(cut, 0));
  EXPECT_FALSE(tries.again(cut, 5 * Tries::progress));
}

TEST_F(Retry, LeavesAFailureThatStands) {
  EXPECT_FALSE(tries.again({.why = Why::refused, .text = "550 No", .reply = 550}, 0));
  EXPECT_TRUE(board.look().running.empty());
}

TEST_F(Retry, SaysWhyItWaitsAndHowOften) {
  EXPECT_TRUE(tries.again(cut, 0));
  const auto running = board.look().running;
  ASSERT_EQ(running.size(), 1U);
  EXPECT_EQ(running.front().phase, Phase::retrying);
  EXPECT_EQ(running.front().note, "connection lost; again in 0.0 s (2 of 3)");
}

TEST_F(Retry, EndsAtOnceWhenAskedToStop) {
  options.first_pause = options.longest_pause = Seconds(1000);
  Tries slow(options, board, id, stop);
  stop = true;
  EXPECT_FALSE(slow.again(cut, 0));
}

TEST(RefusesRestart, MeansTheCommandAndNotTheFile) {
  EXPECT_TRUE(refuses_restart({.why = Why::refused, .reply = 502}));
  EXPECT_FALSE(refuses_restart({.why = Why::refused, .reply = 550}));
  EXPECT_FALSE(refuses_restart({.why = Why::network, .reply = 500}));
}

}  // namespace
}  // namespace gantry::transfer
