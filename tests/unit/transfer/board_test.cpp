#include "transfer/board.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace gantry::transfer {
namespace {

TEST(Board, CountsBytesOfTheWholeFileAndWhatMoved) {
  Board board;
  const auto id = board.add("file", Direction::down);
  board.start(id, 60, 100);
  board.moved(id, 15);
  View view = board.look();
  ASSERT_EQ(view.running.size(), 1U);
  EXPECT_EQ(view.running[0].bytes, 75U);
  EXPECT_EQ(view.running[0].moved, 15U);
  EXPECT_EQ(view.running[0].resumed_from, 60U);
  EXPECT_EQ(view.totals, (Totals{.files = 1, .bytes = 75, .size = 100, .moved = 15}));
  board.start(id, 70, 100);  // cut, and on from what was there
  view = board.look();
  EXPECT_EQ(view.totals, (Totals{.files = 1, .bytes = 70, .size = 100, .moved = 15}));
}

TEST(Board, WhatEndedIsCountedAndToldOnce) {
  Board board;
  board.watch(true);
  const auto done = board.add("done", Direction::up, 10);
  const auto skipped = board.add("skipped", Direction::up, 20);
  const auto failed = board.add("failed", Direction::up, 30);
  board.start(done, 0, 10);
  board.moved(done, 10);
  board.phase(done, Phase::done, "size");
  board.phase(skipped, Phase::skipped, "already there");
  board.start(failed, 0, 30);
  board.moved(failed, 5);
  board.phase(failed, Phase::failed, "550 No");
  const View view = board.look();
  EXPECT_TRUE(view.running.empty());
  EXPECT_EQ(view.ended.size(), 3U);
  EXPECT_EQ(view.totals,
            (Totals{.files = 3, .done = 1, .skipped = 1, .failed = 1, .bytes = 15, .size = 15, .moved = 15}));
  EXPECT_TRUE(board.look().ended.empty());
  ASSERT_EQ(board.failures().size(), 1U);
  EXPECT_EQ(board.failures()[0].note, "550 No");
}

TEST(Board, CallsForWhatHasEndedDoNothing) {
  Board board;
  const auto id = board.add("file", Direction::down, 5);
  board.phase(id, Phase::skipped);
  const Totals before = board.totals();
  board.moved(id, 5);
  board.start(id, 0, 5);
  board.phase(id, Phase::failed, "late");
  board.phase(99, Phase::done);
  EXPECT_EQ(board.totals(), before);
}

TEST(Board, ThereIsNoTotalSizeWhileOneIsUnknown) {
  Board board;
  const auto known = board.add("known", Direction::down, 10);
  const auto unknown = board.add("unknown", Direction::down);
  EXPECT_FALSE(board.totals().size);
  board.start(known, 0, 10);
  board.start(unknown, 0, {});
  board.moved(unknown, 7);
  EXPECT_FALSE(board.totals().size);
  board.phase(unknown, Phase::done);
  EXPECT_EQ(board.totals().size, 17U);
}

TEST(Board, WhatWaitsCountsInTheTotals) {
  Board board;
  const auto first = board.add("first", Direction::down, 100);
  const auto second = board.add("second", Direction::down, 100);
  board.add("third", Direction::down, 100);
  EXPECT_EQ(board.totals(), (Totals{.files = 3, .size = 300}));
  board.start(first, 0, 100);
  board.moved(first, 100);
  board.phase(first, Phase::done);
  board.phase(second, Phase::skipped);
  EXPECT_EQ(board.totals(), (Totals{.files = 3, .done = 1, .skipped = 1, .bytes = 100, .size = 200, .moved = 100}));
}

TEST(Board, WhatIsKnownIsNoTotalWhileMoreMayCome) {
  Board board;
  board.more_to_come(true);
  const auto id = board.add("first", Direction::down, 100);
  board.start(id, 0, 100);
  EXPECT_EQ(board.totals(), (Totals{.files = 1, .more = true}));
  board.more_to_come(false);
  EXPECT_EQ(board.totals().size, 100U);
}

TEST(Board, NothingIsKeptOfWhatEndsUnwatched) {
  Board board;
  for (int i = 0; i < 200'000; ++i) {
    const auto id = board.add("a name that does not fit into a small string", Direction::down, 1);
    board.start(id, 0, 1);
    board.moved(id, 1);
    board.phase(id, Phase::done);
  }
  board.watch(true);
  const View view = board.look();
  EXPECT_EQ(view.totals,
            (Totals{.files = 200'000, .done = 200'000, .bytes = 200'000, .size = 200'000, .moved = 200'000}));
  EXPECT_TRUE(view.running.empty());
  EXPECT_TRUE(view.ended.empty());
}

TEST(Board, WaitingOnesAreCountedAndNotShown) {
  Board board;
  for (int i = 0; i < 1000; ++i) board.add("waits", Direction::up, 2);
  const View view = board.look();
  EXPECT_EQ(view.totals, (Totals{.files = 1000, .size = 2000}));
  EXPECT_TRUE(view.running.empty());
}

TEST(Board, ManyThreadsWriteWhileOneLooks) {
  Board board;
  board.watch(true);
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&board] {
      for (int i = 0; i < 500; ++i) {
        const auto id = board.add("file", Direction::down);
        board.start(id, 0, 10);
        for (int chunk = 0; chunk < 10; ++chunk) board.moved(id, 1);
        board.phase(id, Phase::done);
      }
    });
  }
  std::size_t ended = 0;
  while (ended < 2000) {
    const View view = board.look();
    ended += view.ended.size();
    EXPECT_LE(view.totals.bytes, view.totals.size.value_or(~std::uint64_t{0}));
  }
  EXPECT_EQ(board.totals().moved, 20'000U);
}

TEST(Board, ClearBeginsAnew) {
  Board board;
  board.add("waiting", Direction::up, 50);
  board.phase(board.add("file", Direction::up), Phase::failed, "why");
  board.clear();
  EXPECT_EQ(board.totals(), (Totals{.size = 0}));
  EXPECT_TRUE(board.failures().empty());
}

}  // namespace
}  // namespace gantry::transfer
