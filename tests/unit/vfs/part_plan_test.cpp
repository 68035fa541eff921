#include "vfs/part_plan.hpp"

#include <gtest/gtest.h>

namespace gantry::vfs {
namespace {

constexpr std::uint64_t tib = 1024 * gib;
constexpr std::uint64_t most_parts = 10'000;
constexpr std::uint64_t first = 8 * mib;
constexpr std::uint64_t max_part = 5 * gib;

struct Simulated {
  std::uint64_t parts = 0;
  std::uint64_t largest = 0;
};

/// An upload of so many bytes without its bytes; `share`: how much of each part is there when it must go.
Simulated upload_of(std::uint64_t total, std::uint64_t first_part, std::uint64_t share = 1) {
  Simulated upload;
  for (std::uint64_t sent = 0; sent < total;) {
    const std::uint64_t size = part_size_of(++upload.parts, first_part, max_part) / share;
    upload.largest = std::max(upload.largest, size);
    sent += size;
  }
  return upload;
}

TEST(PartPlan, a_stream_of_unknown_length_reaches_a_tebibyte_and_more) {
  EXPECT_EQ(upload_of(64 * mib, first).largest, 8 * mib);
  EXPECT_EQ(upload_of(64 * gib, first).parts, 3149U);
  EXPECT_EQ(upload_of(64 * gib, first).largest, 64 * mib);
  EXPECT_EQ(upload_of(tib, first).parts, 7032U);
  EXPECT_EQ(upload_of(tib, first).largest, gib);
  EXPECT_LE(upload_of(5 * tib, first).parts, most_parts) << "the largest object of S3";
}

TEST(PartPlan, it_does_so_with_half_parts_when_memory_is_short) {
  EXPECT_LE(upload_of(tib, first, 2).parts, most_parts);
  EXPECT_LE(upload_of(tib, 5 * mib, 2).parts, most_parts) << "the smallest parts that S3 takes";
}

TEST(PartPlan, an_announced_size_has_parts_as_small_as_the_number_of_parts_allows) {
  EXPECT_EQ(part_size_for(64 * gib, most_parts, first), first);
  EXPECT_EQ(part_size_for(tib, most_parts, first), 105 * mib);
  EXPECT_EQ(part_size_for(tib - 5000 * 105 * mib, 5000, 105 * mib), 105 * mib) << "nor do they grow on the way";
}

}  // namespace
}  // namespace gantry::vfs
