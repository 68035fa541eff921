// One exam for every kind of book.
#include "limits/ban_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limits/defender.hpp"
#include "tests/support/book_exam.hpp"

namespace gantry::limits {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const WallTime start{std::chrono::hours(500'000)};

class Bans : public test::BookExam {
 protected:
  void SetUp() override {
    BookExam::SetUp();
    if (IsSkipped()) return;
    if (!database_) {
      book_ = make_memory_ban_book();
      return;
    }
    clear({"bans"});
    book_ = make_sql_ban_book(database_);
  }

  void record(const std::string& network, WallTime end, unsigned times = 1) {
    ASSERT_TRUE(run(
        book_->record({.network = network, .since = start, .end = end, .times = times, .reason = "wrong passwords"})));
  }
  std::vector<std::string> networks() {
    std::vector<std::string> names;
    for (const Ban& ban : run(book_->list()).value()) names.push_back(ban.network);
    return names;
  }

  std::shared_ptr<BanBook> book_;
};

TEST_P(Bans, AreKeptAsTheyWere) {
  record("2001:db8:1:2::/64", start + Seconds(5), 3);
  const auto all = run(book_->list()).value();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].network, "2001:db8:1:2::/64");
  EXPECT_EQ(all[0].since, start);
  EXPECT_EQ(all[0].end, start + Seconds(5));
  EXPECT_EQ(all[0].times, 3U);
  EXPECT_EQ(all[0].reason, "wrong passwords");
}

TEST_P(Bans, ReplaceEarlierOnes) {
  record("192.0.2.1", start + Seconds(5));
  record("192.0.2.1", never_ends, 2);
  const auto all = run(book_->list()).value();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].end, never_ends);
  EXPECT_EQ(all[0].times, 2U);
}

TEST_P(Bans, AreListedByTheirEnd) {
  record("192.0.2.1", start + Seconds(5));
  record("192.0.2.0/24", never_ends);
  record("192.0.2.2", start + Seconds(9));
  EXPECT_EQ(networks(), (std::vector<std::string>{"192.0.2.0/24", "192.0.2.2", "192.0.2.1"}));
}

TEST_P(Bans, AreRemovedAndForgotten) {
  for (int i = 1; i <= 3; ++i) record("192.0.2." + std::to_string(i), start + Seconds(i));
  EXPECT_TRUE(run(book_->remove("192.0.2.3")).value());
  EXPECT_FALSE(run(book_->remove("192.0.2.3")).value());
  ASSERT_TRUE(run(book_->forget(start + Seconds(2))));
  EXPECT_EQ(networks(), std::vector<std::string>{"192.0.2.2"});
}

INSTANTIATE_TEST_SUITE_P(Books, Bans, test::any_place, test::name_of_place);

class SharedBans : public Bans {};

TEST_P(SharedBans, ReachTheOtherNode) {
  auto other_database = state::Database::open({.location = location_}, pool_);
  ASSERT_TRUE(other_database.has_value());
  auto other_book = make_sql_ban_book(*other_database);
  Defender here({});
  Defender there({});
  const auto peer = boost::asio::ip::make_address("192.0.2.1");
  while (!here.heard_no_ftp(peer, start)) {
  }
  const auto ours = here.unsaved();
  for (const Ban& ban : ours) ASSERT_TRUE(run(book_->record(ban)));
  here.learn(run(book_->list()).value(), ours);
  EXPECT_TRUE(here.refuses(peer, start));
  EXPECT_THAT(here.unsaved(), IsEmpty());

  EXPECT_FALSE(there.refuses(peer, start));
  there.learn(run(other_book->list()).value(), there.unsaved());
  EXPECT_TRUE(there.refuses(peer, start));
  // Lifted there, it is lifted here.
  EXPECT_TRUE(run(other_book->remove("192.0.2.1")).value());
  here.learn(run(book_->list()).value(), here.unsaved());
  EXPECT_FALSE(here.refuses(peer, start));
}

INSTANTIATE_TEST_SUITE_P(Books, SharedBans, test::shared_places, test::name_of_place);

}  // namespace
}  // namespace gantry::limits
