#include "transfer/segment_plan.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.hpp"
#include "digest/digest.hpp"

namespace gantry::transfer {
namespace {

TEST(SegmentPlan, SharesAFileEqually) {
  SegmentPlan plan(100 * mib, {}, 4);
  for (int i = 0; i < 4; ++i) {
    const auto claim = plan.take();
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->end - claim->from, 25 * mib);
    EXPECT_EQ(claim->from % (25 * mib), 0U);
  }
}

TEST(SegmentPlan, DoesNotShareWhatIsSmall) {
  SegmentPlan plan(2 * SegmentPlan::least_share - 1, {}, 4);
  ASSERT_TRUE(plan.take());
  EXPECT_FALSE(plan.take());
}

TEST(SegmentPlan, GivesTheSecondHalfOfTheSlowestAway) {
  SegmentPlan plan(64 * mib, {}, 1);
  const auto slow = plan.take();
  plan.moved(slow->id, 4 * mib, 1);
  const auto helper = plan.take();
  ASSERT_TRUE(helper);
  EXPECT_EQ(helper->from, 34 * mib);
  EXPECT_EQ(helper->end, 64 * mib);
  for (std::uint64_t at = 4 * mib; at < 34 * mib; at += mib) {
    ASSERT_EQ(plan.room(slow->id, 2 * mib), mib);
    plan.moved(slow->id, mib, 1);
  }
  EXPECT_EQ(plan.room(slow->id, 1), 0U);
}

TEST(SegmentPlan, WhatAMoverLeavesIsTakenWhereItStopped) {
  SegmentPlan plan(16 * mib, {}, 1);
  const auto claim = plan.take();
  plan.moved(claim->id, 100, 7);
  plan.leave(claim->id);
  const auto next = plan.take();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->from, 100U);
  EXPECT_EQ(next->crc, 7U);
}

TEST(SegmentPlan, AnEmptyFileIsComplete) {
  SegmentPlan plan(0, {}, 4);
  EXPECT_TRUE(plan.complete());
  EXPECT_FALSE(plan.take());
}

/// Movers that take, move and leave at random, and now and then begin anew from the journal.
TEST(SegmentPlan, EndsWithEveryByteOnceAndTheChecksumOfTheWhole) {
  std::mt19937 random(1);
  for (int round = 0; round < 6; ++round) {
    std::string content(40 * mib + random() % 1000, 0);
    for (std::size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>(random());
    std::string copy(content.size(), 1);
    std::vector<transfer::Run> there;
    unsigned turns = 0;
    while (there.size() != 1 || there[0].end - there[0].from != content.size()) {
      SegmentPlan plan(content.size(), there, 1 + static_cast<unsigned>(random() % 4));
      std::vector<SegmentPlan::Claim> claims;
      for (int step = 0; step < 60; ++step) {
        if (claims.size() < 4)
          if (auto claim = plan.take()) claims.push_back(*claim);
        if (claims.empty()) break;
        auto& claim = claims[random() % claims.size()];
        const std::size_t count = plan.room(claim.id, random() % (2 * mib));
        claim.crc = digest::crc64(as_byte_view(std::string_view(content).substr(claim.from, count)), claim.crc);
        content.copy(copy.data() + claim.from, count, claim.from);
        claim.from += count;
        plan.moved(claim.id, count, claim.crc);
        if (random() % 10 == 0) {
          plan.leave(claim.id);
          claims.erase(claims.begin() + (&claim - claims.data()));
        }
      }
      const Journal journal{.identity = "x", .size = content.size(), .runs = plan.runs()};
      const auto read = parse_journal(to_text(journal));
      ASSERT_TRUE(read);
      ASSERT_EQ(*read, journal);
      there = read->runs;
      ASSERT_LT(++turns, 1000U);
    }
    EXPECT_EQ(copy, content);
    EXPECT_EQ(there[0].crc, digest::crc64(as_byte_view(content)));
  }
}

TEST(SegmentJournal, IsRefusedWhenAnythingIsWrong) {
  const Journal journal{.identity = "100 5", .size = 100, .runs = {{.from = 0, .end = 10, .crc = 5}, {20, 100, 6}}};
  const std::string text = to_text(journal);
  ASSERT_EQ(parse_journal(text), journal);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string broken = text;
    broken[i] = static_cast<char>(broken[i] ^ 1);
    EXPECT_FALSE(parse_journal(broken)) << i;
    EXPECT_FALSE(parse_journal(text.substr(0, i))) << i;
  }
  EXPECT_FALSE(parse_journal(to_text({.identity = "x", .size = 100, .runs = {{.from = 0, .end = 101, .crc = 5}}})));
  EXPECT_FALSE(parse_journal(to_text({.identity = "x", .size = 100, .runs = {{20, 30, 1}, {10, 15, 1}}})));
}

}  // namespace
}  // namespace gantry::transfer
