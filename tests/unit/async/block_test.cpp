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

TEST(Block, SomeOfWhatFilesBeginWithAreKept) {
  // More than are kept: none is left over from before.
  std::vector<Block> many;
  for (int i = 0; i < 200; ++i) {
    many.push_back(make_block(small_block));
    many.back()[0] = std::byte{1};
  }
  many.clear();
  // What the system gives is empty.
  int kept = 0;
  for (int i = 0; i < 200; ++i) {
    many.push_back(make_block(small_block));
    if (many.back()[0] == std::byte{1}) ++kept;
  }
  EXPECT_EQ(kept, 64);
}

}  // namespace
}  // namespace gantry::async
