#include "ftp/listing.hpp"

#include <gtest/gtest.h>

namespace gantry::ftp {
namespace {

const WallTime now{std::chrono::seconds(1'709'208'000)};

TEST(Listing, LinesMayComeInAnyPieces) {
  const std::string text =
      "type=file; a\r\ntype=dir; b\ntype=cdir; .\r\ngarbage\r\ntype=file; ../up\r\ntype=file; last";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    ListingReader reader(true, {1000, 10}, now);
    for (std::size_t at = 0; at < text.size(); at += piece)
      ASSERT_TRUE(reader.take(as_byte_view(std::string_view(text).substr(at, piece))));
    ASSERT_TRUE(reader.finish());
    ASSERT_EQ(reader.entries().size(), 3U) << piece;
    EXPECT_EQ(reader.entries()[0].name, "a");
    EXPECT_EQ(reader.entries()[1].name, "b");
    EXPECT_EQ(reader.entries()[2].name, "last");
    EXPECT_EQ(reader.unsafe(), 1U);
  }
}

TEST(Listing, EndsAtItsLimits) {
  ListingReader few(true, {1000, 2}, now);
  EXPECT_TRUE(few.take(as_byte_view("type=file; a\ntype=file; b\n")));
  const auto third = few.take(as_byte_view("type=file; c\n"));
  ASSERT_FALSE(third);
  EXPECT_TRUE(third.error().text.contains("more than 2 entries")) << third.error().text;

  ListingReader brief(true, {20, 100}, now);
  EXPECT_TRUE(brief.take(as_byte_view("type=file; a\n")));
  EXPECT_FALSE(brief.take(as_byte_view("type=file; b\n")));
}

TEST(Listing, ALineWithoutEndIsNotKept) {
  ListingReader reader(true, {mib * 10, 10}, now);
  const std::string piece(100'000, 'x');
  ASSERT_TRUE(reader.take(as_byte_view("type=file; ")));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(reader.take(as_byte_view(piece)));
  ASSERT_TRUE(reader.take(as_byte_view("\ntype=file; good\n")));
  ASSERT_EQ(reader.entries().size(), 1U);
  EXPECT_EQ(reader.entries()[0].name, "good");
}

}  // namespace
}  // namespace gantry::ftp
