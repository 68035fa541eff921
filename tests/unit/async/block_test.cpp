#include "async/block.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/units.hpp"

namespace gantry::async {
namespace {

TEST(Block, HasWhatWasAskedForOfAnySize) {
  for (std::size_t size : {std::size_t{1}, std::size_t{16 * kib}, std::size_t{64 * kib}, std::size_t{mib}}) {
    const Block block = make_block(size);
    std::memset(block.get(), 1, size);
    EXPECT_EQ(block[size - 1], std::byte{1});
  }
}

TEST(Block, WhatSmallFilesBeginWithIsUsedAgain) {
  Block block = make_block(64 * kib);
  const std::byte* where = block.get();
  block.reset();
  EXPECT_EQ(make_block(64 * kib).get(), where);
  // More at once than are kept.
  std::vector<Block> many;
  for (int i = 0; i < 200; ++i) many.push_back(make_block(64 * kib));
}

}  // namespace
}  // namespace gantry::async
