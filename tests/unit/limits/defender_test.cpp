#include "limits/defender.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "limits/address_group.hpp"

namespace gantry::limits {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const auto address = [](const std::string& text) { return boost::asio::ip::make_address(text); };
const WallTime start{hours(500'000)};

enum class What : std::uint8_t { wrong_password, other_names, no_ftp };
constexpr auto wrong = What::wrong_password;

bool offend(Defender& defender, const std::string& peer, What what, int number, WallTime now) {
  if (what == What::no_ftp) return defender.heard_no_ftp(address(peer), now);
  return defender.login_failed(address(peer), what == What::other_names ? std::to_string(number) : "alice", now);
}

std::vector<Cidr> networks(const std::vector<std::string>& texts) {
  std::vector<Cidr> all;
  for (const auto& text : texts) all.push_back(*Cidr::parse(text));
  return all;
}

DefenderRules with_threshold(unsigned points) {
  DefenderRules rules;
  rules.threshold = points;
  return rules;
}

/// How many of this offence, one after another, it takes; 0: a hundred do not suffice.
int offences_until_banned(Defender& defender, const std::string& peer, What what, WallTime now,
                          Milliseconds apart = Milliseconds::zero()) {
  for (int i = 1; i <= 100; ++i, now += apart)
    if (offend(defender, peer, what, i, now)) return i;
  return 0;
}

TEST(Defender, BansAtTheThreshold) {
  Defender defender({});
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.1", wrong, start), 12);
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.2", What::other_names, start), 7);
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.3", What::no_ftp, start), 3);
  EXPECT_TRUE(defender.refuses(address("192.0.2.1"), start));
  EXPECT_TRUE(defender.refuses(address("::ffff:192.0.2.1"), start));
  EXPECT_FALSE(defender.refuses(address("192.0.2.4"), start));
  EXPECT_TRUE(defender.refuses(address("192.0.2.1"), start + minutes(5) - Milliseconds(1)));
  EXPECT_FALSE(defender.refuses(address("192.0.2.1"), start + minutes(5)));
}

TEST(Defender, CountsIpv6BySlash64) {
  Defender defender({});
  for (int i = 0; i < 12; ++i) offend(defender, "2001:db8:1:2::" + std::to_string(i), wrong, i, start);
  EXPECT_TRUE(defender.refuses(address("2001:db8:1:2:ffff::1"), start));
  EXPECT_FALSE(defender.refuses(address("2001:db8:1:3::1"), start));
}

TEST(Defender, BansGrowAndAreForgotten) {
  Defender defender({});
  WallTime now = start;
  std::vector<Milliseconds> lengths;
  for (int i = 0; i < 11; ++i) {
    ASSERT_EQ(offences_until_banned(defender, "192.0.2.1", wrong, now), 12);
    const Ban ban = defender.unsaved().front();
    EXPECT_EQ(ban.times, static_cast<unsigned>(i + 1));
    lengths.push_back(ban.end - ban.since);
    now = ban.end + hours(23);
  }
  EXPECT_EQ(lengths,
            (std::vector<Milliseconds>{minutes(5), minutes(10), minutes(20), minutes(40), minutes(80), minutes(160),
                                       minutes(320), minutes(640), minutes(1280), hours(24), hours(24)}));
  ASSERT_EQ(offences_until_banned(defender, "192.0.2.1", wrong, now + hours(2)), 12);
  EXPECT_EQ(defender.unsaved().front().times, 1U);
}

TEST(Defender, ScoresFade) {
  Defender defender({});
  // Now and then a slip is no attack.
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.1", wrong, start, minutes(3)), 0);
  // Once a minute is: that is what the login throttle leaves to one who does not give up.
  const int patient = offences_until_banned(defender, "192.0.2.2", wrong, start, minutes(1));
  EXPECT_GE(patient, 15);
  EXPECT_LT(patient, 25);
}

TEST(Defender, LoginsBehindTheSameAddressCountForIt) {
  Defender defender({});
  const auto office = address("192.0.2.1");
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 3; ++j) ASSERT_FALSE(defender.login_failed(office, "alice", start));
    defender.succeeded(office, start);
  }
  // But they are no licence.
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.1", wrong, start), 12);
  // Nor do they save up.
  for (int i = 0; i < 100; ++i) defender.succeeded(address("192.0.2.2"), start);
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.2", wrong, start), 12);
  // A ban stands.
  defender.succeeded(address("192.0.2.2"), start);
  EXPECT_TRUE(defender.refuses(address("192.0.2.2"), start));
}

TEST(Defender, AllowedNetworksAreNeverBannedAndDeniedOnesNeverLetIn) {
  Defender defender(
      {.allow = networks({"127.0.0.0/8", "10.1.2.3"}), .deny = networks({"10.0.0.0/8", "2001:db8::/32"})});
  EXPECT_EQ(offences_until_banned(defender, "127.0.0.1", What::no_ftp, start), 0);
  EXPECT_FALSE(defender.refuses(address("127.0.0.1"), start));
  EXPECT_TRUE(defender.refuses(address("10.9.9.9"), start));
  EXPECT_TRUE(defender.refuses(address("2001:db8:5::1"), start));
  EXPECT_FALSE(defender.refuses(address("10.1.2.3"), start));
  defender.learn({{.network = "127.0.0.1", .since = start, .end = never_ends}}, {});
  EXPECT_FALSE(defender.refuses(address("127.0.0.1"), start));
  defender.set_rules({});
  EXPECT_TRUE(defender.refuses(address("127.0.0.1"), start));
  EXPECT_FALSE(defender.refuses(address("10.9.9.9"), start));
}

TEST(Defender, SwitchedOffItBansNobodyButKnowsWhoIsBanned) {
  DefenderRules rules;
  rules.enabled = false;
  rules.deny = networks({"10.0.0.0/8"});
  Defender defender(rules);
  EXPECT_EQ(offences_until_banned(defender, "192.0.2.1", What::no_ftp, start), 0);
  EXPECT_TRUE(defender.refuses(address("10.0.0.1"), start));
  defender.learn({{.network = "192.0.2.9", .since = start, .end = never_ends}}, {});
  EXPECT_TRUE(defender.refuses(address("192.0.2.9"), start));
}

TEST(Defender, ObeysTheBook) {
  Defender defender({});
  defender.learn({{.network = "192.0.2.0/24", .since = start, .end = start + hours(1)},
                  {.network = "2001:db8:1::/48", .since = start, .end = never_ends},
                  {.network = "2001:db8:2:3::/64", .since = start, .end = never_ends},
                  {.network = "198.51.100.1", .since = start, .end = start + hours(1)},
                  {.network = "rubbish", .since = start, .end = never_ends}},
                 {});
  for (const char* peer : {"192.0.2.77", "2001:db8:1:9::1", "2001:db8:2:3:4::1", "198.51.100.1"}) {
    EXPECT_TRUE(defender.refuses(address(peer), start)) << peer;
    EXPECT_TRUE(defender.login_failed(address(peer), "alice", start)) << peer;
  }
  EXPECT_FALSE(defender.refuses(address("192.0.2.77"), start + hours(2)));
  EXPECT_THAT(defender.unsaved(), IsEmpty());
  // What the book no longer has is over.
  defender.learn({}, {});
  EXPECT_FALSE(defender.refuses(address("2001:db8:1:9::1"), start));
}

TEST(Defender, WhatTheBookRemembersMakesTheNextBanLonger) {
  Defender defender({});
  defender.learn({{.network = "192.0.2.1", .since = start - hours(3), .end = start - hours(1), .times = 4}}, {});
  ASSERT_EQ(offences_until_banned(defender, "192.0.2.1", wrong, start), 12);
  EXPECT_EQ(defender.unsaved().front().times, 5U);
  EXPECT_EQ(defender.unsaved().front().end, start + minutes(80));
}

TEST(Defender, KeepsWhatTheBookDoesNotHaveYet) {
  Defender defender({});
  offences_until_banned(defender, "192.0.2.1", wrong, start);
  const auto ours = defender.unsaved();
  ASSERT_THAT(ours, SizeIs(1));
  // Read before ours was recorded.
  defender.learn({}, {});
  EXPECT_TRUE(defender.refuses(address("192.0.2.1"), start));
  // Recorded, and removed by somebody.
  defender.learn({}, ours);
  EXPECT_FALSE(defender.refuses(address("192.0.2.1"), start));
  EXPECT_THAT(defender.unsaved(), IsEmpty());
}

TEST(Defender, MemoryIsBounded) {
  Defender defender(with_threshold(2));
  for (unsigned i = 0; i < BanBook::max_bans + 300; ++i) {
    const auto peer = boost::asio::ip::address_v4(0x0A000000U + i);
    defender.heard_no_ftp(peer, start + Milliseconds(i));
  }
  EXPECT_THAT(defender.unsaved(), SizeIs(BanBook::max_bans));
  // The last are kept.
  EXPECT_TRUE(defender.refuses(
      boost::asio::ip::address_v4(static_cast<unsigned>(0x0A000000U + BanBook::max_bans + 299)), start + Seconds(30)));
}

TEST(Defender, RacingThreadsBanOnce) {
  Defender defender(with_threshold(1000));
  std::vector<std::jthread> threads;
  std::atomic<int> refused{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j)
        if (defender.login_failed(address("192.0.2.1"), "alice", start)) ++refused;
    });
  threads.clear();
  EXPECT_EQ(refused, 4 * 500 - 999);
  ASSERT_THAT(defender.unsaved(), SizeIs(1));
  EXPECT_EQ(defender.unsaved().front().times, 1U);
}

TEST(AddressGroup, HasOneSpelling) {
  EXPECT_EQ(address_group(address("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(address_group(address("::ffff:192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(address_group(address("2001:DB8:1:2:3::4")), "2001:db8:1:2::/64");
  EXPECT_EQ(canonical_network("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(canonical_network("192.0.2.1/32"), "192.0.2.1");
  EXPECT_EQ(canonical_network("192.0.2.0/24"), "192.0.2.0/24");
  EXPECT_EQ(canonical_network("2001:DB8:1:2:3::4"), "2001:db8:1:2::/64");
  EXPECT_EQ(canonical_network("2001:0DB8::/32"), "2001:db8::/32");
  for (const char* text : {"", "alice", "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "1.2.3"})
    EXPECT_EQ(canonical_network(text), std::nullopt) << text;
}

}  // namespace
}  // namespace gantry::limits
