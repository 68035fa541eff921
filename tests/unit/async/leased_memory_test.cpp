// Memory is used again, and what is kept for that has a bound.
#include "async/leased_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace gantry::async {
namespace {

constexpr auto block = ByteBudget::usual_block;

TEST(LeasedMemory, HasWhatWasLeased) {
  auto budget = ByteBudget::create(mib);
  LeasedMemory memory(budget->first(1000));
  EXPECT_EQ(memory.bytes().size(), 1000U);
  EXPECT_EQ(budget->used(), 1000U);
  std::ranges::fill(memory.bytes(), std::byte{1});
  LeasedMemory moved = std::move(memory);
  EXPECT_EQ(moved.bytes().size(), 1000U);
  EXPECT_TRUE(memory.bytes().empty());  // NOLINT(bugprone-use-after-move)
  moved = LeasedMemory();
  EXPECT_EQ(budget->used(), 0U);
}

TEST(LeasedMemory, BlocksOfTheUsualSizeAreUsedAgain) {
  auto budget = ByteBudget::create(16 * block);
  LeasedMemory memory(budget->first(block));
  const std::byte* where = memory.bytes().data();
  memory = LeasedMemory();
  EXPECT_EQ(budget->used(), 0U) << "what is kept belongs to nobody";
  memory = LeasedMemory(budget->first(block));
  EXPECT_EQ(memory.bytes().data(), where);
  EXPECT_EQ(budget->take_kept(), nullptr);
}

TEST(LeasedMemory, KeepsAnEighthOfTheBudgetAtMost) {
  auto budget = ByteBudget::create(16 * block);
  {
    std::vector<LeasedMemory> many;
    for (int i = 0; i < 10; ++i) many.emplace_back(budget->first(block));
  }
  EXPECT_NE(budget->take_kept(), nullptr);
  EXPECT_NE(budget->take_kept(), nullptr);
  EXPECT_EQ(budget->take_kept(), nullptr);
}

TEST(LeasedMemory, KeepsNothingBesideABudgetThatIsUsedUp) {
  auto budget = ByteBudget::create(16 * block);
  const Lease others = budget->first(16 * block);
  {
    LeasedMemory memory(budget->first(block));
  }
  EXPECT_EQ(budget->take_kept(), nullptr);
}

TEST(LeasedMemory, WhatIsKeptGoesWhenTheBudgetIsUsedUp) {
  auto budget = ByteBudget::create(24 * block);
  {
    std::vector<LeasedMemory> many;
    for (int i = 0; i < 3; ++i) many.emplace_back(budget->first(block));
  }
  const auto all = budget->try_acquire(24 * block);
  ASSERT_EQ(all.bytes(), 24 * block);
  EXPECT_NE(budget->take_kept(), nullptr) << "one at least is there for whoever comes next";
  EXPECT_EQ(budget->take_kept(), nullptr);
}

TEST(LeasedMemory, KeepsNothingOfASmallBudget) {
  auto budget = ByteBudget::create(mib);
  {
    LeasedMemory memory(budget->first(block));
  }
  EXPECT_EQ(budget->take_kept(), nullptr);
}

}  // namespace
}  // namespace gantry::async
