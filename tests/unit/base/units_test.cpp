#include "base/units.hpp"

#include <gtest/gtest.h>

namespace gantry {
namespace {

TEST(Units, BytesAreReadInEveryCustomaryForm) {
  EXPECT_EQ(parse_bytes("4096"), 4096U);
  EXPECT_EQ(parse_bytes("8MiB"), 8 * mib);
  EXPECT_EQ(parse_bytes("10 GB"), 10'000'000'000U);
  EXPECT_EQ(parse_bytes("2k"), 2 * kib);
  EXPECT_EQ(parse_bytes(""), std::nullopt);
  EXPECT_EQ(parse_bytes("-1"), std::nullopt);
  EXPECT_EQ(parse_bytes("1.5GiB"), std::nullopt);
  EXPECT_EQ(parse_bytes("9223372036854775808"), std::nullopt);
  EXPECT_EQ(parse_bytes("9000000TiB"), std::nullopt);
}

TEST(Units, DurationsAreReadInEveryCustomaryForm) {
  EXPECT_EQ(parse_duration("5m"), Milliseconds(300'000));
  EXPECT_EQ(parse_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(parse_duration("30"), Milliseconds(30'000));
  EXPECT_EQ(parse_duration("m"), std::nullopt);
  EXPECT_EQ(parse_duration("5 weeks"), std::nullopt);
}

TEST(Units, ExactFormsReadBackAsTheSameValue) {
  for (std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{1000}, 8 * mib, 3 * gib, 5 * gib + 1})
    EXPECT_EQ(parse_bytes(exact_bytes(bytes)), bytes);
  for (Milliseconds d : {Milliseconds(0), Milliseconds(1500), Milliseconds(300'000), Milliseconds(86'400'000)})
    EXPECT_EQ(parse_duration(exact_duration(d)), d);
}

}  // namespace
}  // namespace gantry
