// One exam for the book wherever it is kept.
#include "vfs/quota_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "tests/support/book_exam.hpp"
#include "vfs/sql_upload_ledger.hpp"

namespace gantry::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string tree = "/\tmain:/alice\n";

QuotaChange grew(std::uint64_t bytes, std::uint64_t files = 1) { return {.grown = {bytes, files}, .shrunk = {}}; }
QuotaChange shrank(std::uint64_t bytes, std::uint64_t files = 1) { return {.grown = {}, .shrunk = {bytes, files}}; }

class Quotas : public test::BookExam {
 protected:
  void SetUp() override {
    BookExam::SetUp();
    if (IsSkipped()) return;
    clear({"quota_changes", "quota_users", "quota_trees", "upload_parts", "uploads", "nodes"});
    book_ = std::make_unique<QuotaBook>(database_);
    ASSERT_TRUE(run(book_->adopt()));
    ASSERT_TRUE(run(book_->enrol("alice", tree)));
  }

  void count(QuotaAmount there) {
    auto snapshot = run(book_->begin_count(tree, CountFor::asked)).value().value();
    ASSERT_TRUE(run(book_->end_count(tree, snapshot, there)).value());
  }
  QuotaAnswer begin(QuotaWish wish) { return run(book_->begin(tree, limits_, std::move(wish))).value(); }
  std::string admitted(QuotaWish wish) {
    auto answer = begin(std::move(wish));
    EXPECT_FALSE(answer.ticket.empty());
    return answer.ticket;
  }
  bool refused(QuotaWish wish) { return begin(std::move(wish)).ticket.empty(); }
  void settle(const std::string& ticket, QuotaChange change) { run(book_->settle(tree, ticket, change)); }
  QuotaUse use() { return run(book_->use(tree)).value(); }
  std::vector<std::string> due() { return run(book_->due()).value(); }
  /// As a process that is gone leaves it.
  void kill_owner(const std::string& ticket) {
    ASSERT_TRUE(database_->transact("kill", state::Access::write, [&](soci::session& sql) {
      sql << "UPDATE quota_changes SET node = 'gone' WHERE ticket = :ticket", soci::use(ticket);
    }));
  }

  QuotaLimits limits_{.bytes = 1000, .files = 10};
  std::unique_ptr<QuotaBook> book_;
};

TEST_P(Quotas, NothingIsAdmittedBeforeTheFirstCountButDeletesAre) {
  EXPECT_FALSE(use().known);
  EXPECT_THAT(due(), ElementsAre(tree));
  EXPECT_TRUE(refused({.path = "/a", .bytes = 1, .files = 1}));
  settle(admitted({.path = "/a"}), shrank(10));
  count({400, 2});
  EXPECT_TRUE(use().known);
  EXPECT_EQ(use().used, (QuotaAmount{400, 2}));
  EXPECT_THAT(due(), IsEmpty());
  ASSERT_TRUE(run(book_->enrol("alice", tree)));
  EXPECT_TRUE(use().known) << "a second login changes nothing";
}

TEST_P(Quotas, PromisesCountAtOnceAndWhatIsSettledInstead) {
  count({400, 2});
  const auto first = admitted({.path = "/a", .bytes = 500, .files = 1});
  EXPECT_EQ(use().used, (QuotaAmount{900, 3}));
  EXPECT_TRUE(refused({.path = "/b", .bytes = 101, .files = 1}));
  const auto second = admitted({.path = "/b", .bytes = 100, .files = 1});
  settle(first, grew(300));
  settle(second, {});
  EXPECT_EQ(use().used, (QuotaAmount{700, 3}));
  settle(admitted({.path = "/a"}), shrank(300));
  EXPECT_EQ(use().used, (QuotaAmount{400, 2}));
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(Quotas, FilesAreLimitedToo) {
  count({0, 9});
  const auto last = admitted({.path = "/a", .files = 1});
  EXPECT_TRUE(refused({.path = "/b", .files = 1}));
  EXPECT_FALSE(refused({.path = "/c", .bytes = 10})) << "a replaced file is no new one";
  settle(last, {});
  EXPECT_FALSE(refused({.path = "/b", .files = 1}));
}

TEST_P(Quotas, ALimitBelowWhatIsUsedLetsOnlyShrink) {
  count({5000, 50});
  EXPECT_TRUE(refused({.path = "/a", .bytes = 1}));
  EXPECT_TRUE(refused({.path = "/a", .open_ended = true}));
  EXPECT_FALSE(refused({.path = "/a", .open_ended = true, .replaced = 10})) << "no larger than before";
  settle(admitted({.path = "/b"}), shrank(4500, 45));
  EXPECT_EQ(use().used, (QuotaAmount{500, 5}));
}

TEST_P(Quotas, OpenEndedOnesGetSomethingAheadOnlyWhereMuchIsLeft) {
  limits_ = {.bytes = 10 * gib, .files = 0};
  count({0, 0});
  auto answer = begin({.path = "/a", .files = 1, .open_ended = true});
  EXPECT_EQ(answer.promised, 8 * mib);
  answer = run(book_->grow(tree, limits_, answer.ticket, 20 * mib, 64 * mib)).value();
  EXPECT_EQ(answer.promised, 84 * mib);
  EXPECT_EQ(use().used.bytes, 84 * mib);
  EXPECT_EQ(run(book_->grow(tree, limits_, answer.ticket, 3, 0)).value().promised, 84 * mib) << "never taken back";
  limits_.bytes = 140 * mib;
  auto near = begin({.path = "/b", .files = 1, .open_ended = true});
  EXPECT_FALSE(near.ticket.empty());
  EXPECT_EQ(near.promised, 0U);
  EXPECT_EQ(run(book_->grow(tree, limits_, near.ticket, 50 * mib, 64 * mib)).value().promised, 50 * mib);
  EXPECT_TRUE(run(book_->grow(tree, limits_, near.ticket, 60 * mib, 0)).value().ticket.empty());
  EXPECT_EQ(use().used.bytes, 134 * mib) << "a refusal changes nothing";
}

TEST_P(Quotas, WhatTwoChangesHadAHandInGivesNothingBackUntilItIsCounted) {
  count({600, 6});
  const auto upload = admitted({.path = "/a", .open_ended = true, .replaced = 100});
  settle(admitted({.path = "/a"}), shrank(100));
  EXPECT_EQ(use().used.bytes, 600U);
  EXPECT_THAT(due(), ElementsAre(tree));
  settle(upload, {.grown = {50, 1}, .shrunk = {100, 1}});
  EXPECT_EQ(use().used.bytes, 550U);
}

TEST_P(Quotas, WhatWasRenamedMeanwhileGivesNothingBack) {
  count({600, 6});
  const auto upload = admitted({.path = "/a", .open_ended = true, .replaced = 100});
  const auto move = admitted({.path = "/b", .moving = true});
  settle(move, {});
  EXPECT_THAT(due(), IsEmpty());
  settle(upload, {.grown = {50, 1}, .shrunk = {100, 1}});
  EXPECT_EQ(use().used, (QuotaAmount{650, 7}));
  EXPECT_THAT(due(), ElementsAre(tree));
}

TEST_P(Quotas, ADeadProcessKeepsItsPromisesUntilTheTreeIsCounted) {
  count({400, 4});
  const auto ticket = admitted({.path = "/a", .bytes = 500, .files = 1});
  kill_owner(ticket);
  EXPECT_EQ(use().used, (QuotaAmount{900, 5}));
  ASSERT_TRUE(run(book_->adopt()));
  EXPECT_THAT(due(), ElementsAre(tree));
  count({430, 5});
  EXPECT_EQ(use().used, (QuotaAmount{430, 5}));
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(run(book_->grow(tree, limits_, ticket, 600, 0)).error().code, Errc::conflict);
  settle(ticket, grew(500));
  EXPECT_EQ(use().used, (QuotaAmount{430, 5}));
  EXPECT_THAT(due(), ElementsAre(tree)) << "it was not dead after all";
}

TEST_P(Quotas, WhatDiesWhileItIsCountedIsCountedOnceMore) {
  count({0, 0});
  const auto ticket = admitted({.path = "/a", .bytes = 500, .files = 1});
  auto snapshot = run(book_->begin_count(tree, CountFor::asked)).value().value();
  kill_owner(ticket);
  ASSERT_TRUE(run(book_->end_count(tree, snapshot, {0, 0})).value());
  EXPECT_EQ(use().used, (QuotaAmount{500, 1}));
  EXPECT_THAT(due(), ElementsAre(tree));
  count({500, 1});
  EXPECT_EQ(use().used, (QuotaAmount{500, 1}));
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(Quotas, DoubtStandsUntilTheCount) {
  count({0, 0});
  const auto ticket = admitted({.path = "/a", .bytes = 500, .files = 1});
  run(book_->doubt(tree, ticket));
  EXPECT_EQ(use().used, (QuotaAmount{500, 1}));
  EXPECT_THAT(due(), ElementsAre(tree));
  count({500, 1});
  EXPECT_EQ(use().used, (QuotaAmount{500, 1}));
}

TEST_P(Quotas, AbandonedChangesAreForgottenByTheNextRound) {
  count({0, 0});
  book_->abandon(tree, admitted({.path = "/a", .bytes = 500, .files = 1}));
  EXPECT_EQ(use().used.bytes, 500U);
  ASSERT_TRUE(run(book_->adopt()));
  EXPECT_EQ(use().used, QuotaAmount{});
}

TEST_P(Quotas, ACountBesideUploadsLosesNoPromiseAndIsNeverTooLow) {
  count({100, 1});
  const auto open = admitted({.path = "/a", .bytes = 500, .files = 1});
  auto snapshot = run(book_->begin_count(tree, CountFor::asked)).value().value();
  settle(admitted({.path = "/b", .bytes = 50, .files = 1}), grew(50));
  // The listing came by before /b was there.
  ASSERT_TRUE(run(book_->end_count(tree, snapshot, {90, 1})).value());
  EXPECT_EQ(use().used, (QuotaAmount{640, 3}));
  EXPECT_THAT(due(), ElementsAre(tree)) << "nobody knows whether it saw /b";
  settle(open, grew(500));
  EXPECT_EQ(use().used, (QuotaAmount{640, 3}));
  count({640, 3});
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(Quotas, OfTwoCountsOfADueTreeTheSecondToEndAddsNothing) {
  const auto begin_count = [this](CountFor reason) { return run(book_->begin_count(tree, reason)).value(); };
  const auto first = begin_count(CountFor::due).value();
  const auto second = begin_count(CountFor::due).value();
  ASSERT_TRUE(run(book_->end_count(tree, first, {0, 0})).value());
  settle(admitted({.path = "/a", .bytes = 90, .files = 1}), grew(90));
  ASSERT_TRUE(run(book_->end_count(tree, second, {90, 1})).value());
  EXPECT_EQ(use().used, (QuotaAmount{90, 1}));
  EXPECT_FALSE(use().due);
  EXPECT_FALSE(begin_count(CountFor::due));
  EXPECT_TRUE(begin_count(CountFor::asked));
}

TEST_P(Quotas, ADeleteUnderWayDuringACountIsNotSubtractedTwice) {
  count({100, 1});
  const auto removal = admitted({.path = "/a"});
  count({0, 0});
  settle(removal, shrank(100));
  settle(admitted({.path = "/b", .bytes = 10, .files = 1}), grew(10));
  EXPECT_EQ(use().used, (QuotaAmount{10, 1}));
  EXPECT_THAT(due(), ElementsAre(tree));
}

TEST_P(Quotas, ACountDuringARenameIsNotTaken) {
  count({100, 1});
  for (bool ended : {false, true}) {
    auto snapshot = run(book_->begin_count(tree, CountFor::asked)).value().value();
    const auto move = admitted({.path = "/b", .moving = true});
    if (ended) settle(move, {});
    EXPECT_FALSE(run(book_->end_count(tree, snapshot, {0, 0})).value());
    if (!ended) settle(move, {});
  }
  EXPECT_EQ(use().used, (QuotaAmount{100, 1}));
}

TEST_P(Quotas, UsersOfOneTreeShareItsCount) {
  count({100, 1});
  ASSERT_TRUE(run(book_->enrol("bob", tree)));
  ASSERT_TRUE(run(book_->enrol("carol", "/\tmain:/carol\n")));
  EXPECT_EQ(use().used.bytes, 100U);
  EXPECT_FALSE(run(book_->use("/\tmain:/carol\n")).value().known);
  EXPECT_FALSE(run(book_->use("/\tnobody:/\n")).value().known);
}

TEST_P(Quotas, SuspectsTheTreesOfOneStore) {
  count({0, 0});
  ASSERT_TRUE(run(book_->suspect("mai")));
  EXPECT_THAT(due(), IsEmpty());
  ASSERT_TRUE(run(book_->suspect("main")));
  EXPECT_THAT(due(), ElementsAre(tree));
}

TEST_P(Quotas, WhatBucketsHoldCountsAsTheLedgerHasIt) {
  auto ledger = make_sql_upload_ledger(database_);
  count({100, 1});
  ASSERT_TRUE(run(book_->enrol("bob", tree)));
  for (const std::string owner : {"alice", "bob", "stranger"}) {
    const std::string ticket = run(ledger->begin({"main", owner, "alice/" + owner}, {})).value();
    ASSERT_TRUE(run(ledger->begun(ticket, "id of " + owner)));
    ASSERT_TRUE(run(ledger->stored(ticket, {.number = 1, .size = 200, .etag = "e", .crc64 = {}})));
    EXPECT_EQ(use().used.bytes, owner == "bob"     ? 300U
                                : owner == "alice" ? 100U
                                                   : 500U)
        << "an open one is its change's";
    ASSERT_TRUE(run(ledger->hold(ticket, 1)));
  }
  EXPECT_EQ(use().used, (QuotaAmount{500, 3}));
  limits_.bytes = 560;
  EXPECT_TRUE(refused({.path = "/alice", .bytes = 250, .files = 1})) << "beside what is held";
  // Whoever goes on with one has it counted with the promise, taken or not.
  const auto ticket = admitted({.path = "/alice", .bytes = 250, .files = 1, .resumes = "id of alice"});
  EXPECT_EQ(use().used, (QuotaAmount{550, 3}));
  const auto held = run(ledger->find({"main", "alice", "alice/alice"})).value();
  ASSERT_TRUE(run(ledger->take(held->ticket, 1)).value());
  EXPECT_EQ(use().used, (QuotaAmount{550, 3}));
  ASSERT_TRUE(run(ledger->hold(held->ticket, 1)));
  settle(ticket, {});
  EXPECT_EQ(use().used, (QuotaAmount{500, 3}));
  ASSERT_TRUE(run(ledger->forget(held->ticket)));
  EXPECT_EQ(use().used, (QuotaAmount{300, 2}));
}

/// Eight threads with fifty tries each, for ten places of 100 bytes: announced, or found out at the end.
TEST_P(Quotas, ARaceForTheLastBytesHasExactlyAsManyWinnersAsFit) {
  limits_ = {.bytes = 1000, .files = 0};
  std::array<asio::io_context, 8> contexts;
  for (bool announced : {true, false}) {
    count({0, 0});
    std::atomic<int> tries{50};
    std::atomic<int> won{0};
    std::atomic<int> problems{0};
    const auto race = [&](asio::io_context& context) {
      while (tries.fetch_sub(1) > 0) {
        const std::string path = "/" + std::to_string(tries.load());
        QuotaWish wish{.path = path, .bytes = announced ? 100U : 0U, .files = 1, .open_ended = !announced};
        auto answer = test::run_task(context, book_->begin(tree, limits_, wish));
        if (!answer) ++problems;
        if (!answer || answer->ticket.empty()) continue;
        auto grown = test::run_task(context, book_->grow(tree, limits_, answer->ticket, 100, 8 * mib));
        if (!grown) ++problems;
        const bool fits = grown && !grown->ticket.empty();
        test::run_task(context, book_->settle(tree, answer->ticket, fits ? grew(100) : QuotaChange{}));
        if (fits) ++won;
      }
    };
    {
      std::vector<std::jthread> threads;
      for (asio::io_context& context : contexts) threads.emplace_back(race, std::ref(context));
    }
    EXPECT_EQ(problems, 0);
    EXPECT_EQ(won, 10) << (announced ? "announced" : "not announced");
    EXPECT_EQ(use().used, (QuotaAmount{1000, 10}));
  }
  pool_.stop();  // its threads may still be in the call that woke a context
}

INSTANTIATE_TEST_SUITE_P(Kept, Quotas, test::shared_places, test::name_of_place);

}  // namespace
}  // namespace gantry::vfs
