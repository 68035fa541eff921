// One exam for every kind of ledger.
#include "vfs/upload_ledger.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "state/node.hpp"
#include "tests/support/book_exam.hpp"
#include "vfs/sql_upload_ledger.hpp"

namespace gantry::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Ledger : public test::BookExam {
 protected:
  void SetUp() override {
    BookExam::SetUp();
    if (IsSkipped()) return;
    if (!database_) {
      ledger_ = make_memory_upload_ledger();
      return;
    }
    clear({"upload_parts", "uploads", "nodes"});
    ledger_ = make_sql_upload_ledger(database_);
    ASSERT_TRUE(run(ledger_->adopt()));
  }

  std::string begin(const std::string& key, const std::string& owner = "alice") {
    auto ticket = run(ledger_->begin({"main", owner, key}, {.metadata = {{"mtime", "5 6"}}, .content_type = "a/b"}));
    EXPECT_TRUE(ticket && run(ledger_->begun(*ticket, "id of " + key)));
    return ticket.value_or("");
  }

  void store(const std::string& ticket, std::uint32_t number, std::uint64_t size = 10) {
    EXPECT_TRUE(run(ledger_->stored(ticket, {.number = number, .size = size, .etag = "e", .crc64 = ~number})));
  }

  std::string hold(const std::string& key, const std::string& owner = "alice") {
    const std::string ticket = begin(key, owner);
    store(ticket, 1);
    EXPECT_TRUE(run(ledger_->hold(ticket, 1)));
    return ticket;
  }

  std::optional<HeldUpload> find(const std::string& key, const std::string& owner = "alice") {
    return run(ledger_->find({"main", owner, key})).value();
  }

  std::shared_ptr<UploadLedger> ledger_;
};

TEST_P(Ledger, WhatIsHeldComesBackAsItWas) {
  const std::string ticket = begin("dir/ä 文件");
  store(ticket, 2, 1ULL << 40);
  store(ticket, 1, 7);
  store(ticket, 1, 8);
  EXPECT_FALSE(find("dir/ä 文件")) << "an open upload is nobody's to continue";
  ASSERT_TRUE(run(ledger_->hold(ticket, 2)));
  const auto held = find("dir/ä 文件");
  ASSERT_TRUE(held);
  EXPECT_EQ(held->ticket, ticket);
  EXPECT_EQ(held->upload_id, "id of dir/ä 文件");
  ASSERT_EQ(held->parts.size(), 2U);
  EXPECT_EQ(held->parts[0].size, 8U);
  EXPECT_EQ(held->parts[1].size, 1ULL << 40);
  EXPECT_EQ(held->parts[1].etag, "e");
  EXPECT_EQ(held->parts[1].crc64, std::optional<std::uint64_t>(~std::uint32_t{2}));
  EXPECT_EQ(held->options.content_type, "a/b");
  EXPECT_EQ(held->options.metadata.at("mtime"), "5 6");
  EXPECT_FALSE(held->options.create_only);
  EXPECT_GT(held->since, WallTime{});
}

TEST_P(Ledger, PartsBehindAGapOrTheCountAreStruckOut) {
  const std::string ticket = begin("a");
  for (std::uint32_t number : {1U, 2U, 3U, 5U}) store(ticket, number);
  ASSERT_TRUE(run(ledger_->joining(ticket)));
  ASSERT_TRUE(run(ledger_->hold(ticket, 4)));
  EXPECT_EQ(find("a")->parts.size(), 3U);
  EXPECT_TRUE(find("a")->doubtful);
  ASSERT_TRUE(run(ledger_->take(ticket, 9)).value());
  ASSERT_TRUE(run(ledger_->hold(ticket, 2)));
  EXPECT_EQ(find("a")->parts.size(), 2U);
  EXPECT_FALSE(find("a")->doubtful);
  ASSERT_TRUE(run(ledger_->take(ticket, 1)).value());
  store(ticket, 3);
  ASSERT_TRUE(run(ledger_->hold(ticket, 9)));
  EXPECT_EQ(find("a")->parts.size(), 1U) << "the second part was struck out when it was taken";
}

TEST_P(Ledger, WithoutPartsOrWhenDoomedItIsOnlyLeftOver) {
  const std::string empty = begin("empty");
  ASSERT_TRUE(run(ledger_->hold(empty, 9)));
  const std::string doomed = hold("doomed");
  ASSERT_TRUE(run(ledger_->doom(doomed)));
  EXPECT_FALSE(find("empty"));
  EXPECT_FALSE(find("doomed"));
  EXPECT_FALSE(run(ledger_->take(doomed, 9)).value());
  EXPECT_THAT(run(ledger_->below("main", "alice", "")).value(), IsEmpty());
  const auto left = run(ledger_->records("main")).value();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_TRUE(left[0].state == UploadLedger::State::doomed && left[1].state == left[0].state);
}

TEST_P(Ledger, WhatADestructorLeavesIsDoomedByTheNextRound) {
  const std::string ticket = begin("a");
  store(ticket, 1);
  ASSERT_TRUE(run(ledger_->joining(ticket)));
  ledger_->abandon(ticket, 0);
  ASSERT_TRUE(run(ledger_->adopt()));
  EXPECT_FALSE(find("a"));
  const auto left = run(ledger_->records("main")).value();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_TRUE(left[0].state == UploadLedger::State::doomed && left[0].upload.doubtful);
}

TEST_P(Ledger, WhatCouldNotBeHeldAtOnceIsHeldByTheNextRound) {
  const std::string ticket = begin("a");
  store(ticket, 1);
  store(ticket, 2);
  ledger_->abandon(ticket, 1);
  ASSERT_TRUE(run(ledger_->adopt()));
  const auto held = find("a");
  ASSERT_TRUE(held);
  EXPECT_EQ(held->parts.size(), 1U);
  EXPECT_EQ(run(ledger_->hold(ticket, 1)).error().code, Errc::conflict);
}

TEST_P(Ledger, KnowsEveryUploadItHasATicketFor) {
  const std::string ticket = begin("a");
  EXPECT_TRUE(run(ledger_->knows("main", "id of a")).value());
  EXPECT_FALSE(run(ledger_->knows("other", "id of a")).value());
  EXPECT_FALSE(run(ledger_->knows("main", "id of b")).value());
  ASSERT_TRUE(run(ledger_->forget(ticket)));
  EXPECT_FALSE(run(ledger_->knows("main", "id of a")).value());
}

TEST_P(Ledger, OnlyOneTakesAnUpload) {
  const std::string ticket = hold("a");
  EXPECT_TRUE(run(ledger_->take(ticket, 9)).value());
  EXPECT_FALSE(run(ledger_->take(ticket, 9)).value());
  EXPECT_FALSE(find("a"));
}

TEST_P(Ledger, OwnersKeysAndStoresAreToldApart) {
  hold("a");
  EXPECT_TRUE(find("a"));
  EXPECT_FALSE(find("a", "bob"));
  EXPECT_FALSE(find("A"));
  EXPECT_FALSE(run(ledger_->find({"other", "alice", "a"})).value());
}

TEST_P(Ledger, TheNextHeldOneTakesThePlaceOfTheOneBefore) {
  const std::string first = hold("a");
  const std::string nothing_sent = begin("a");
  ASSERT_TRUE(run(ledger_->hold(nothing_sent, 1)));
  EXPECT_EQ(find("a")->ticket, first);
  const std::string second = hold("a");
  EXPECT_EQ(find("a")->ticket, second);
  EXPECT_TRUE(run(ledger_->forget(second)));
  EXPECT_FALSE(find("a")) << "the first one is doomed";
}

TEST_P(Ledger, ListsTheOwnersUploadsBelowAPrefixByKey) {
  for (const char* key : {"d_x/b", "d_x/a", "D_x/c", "dyx/c", "d_x", "d%"}) hold(key);
  hold("d_x/z", "bob");
  hold("d_x/a");
  std::vector<std::string> keys;
  for (const auto& shown : run(ledger_->below("main", "alice", "d_x/")).value()) {
    keys.push_back(shown.key);
    EXPECT_EQ(shown.safe_size, 10U);
  }
  EXPECT_THAT(keys, ElementsAre("d_x/a", "d_x/b"));
}

TEST_P(Ledger, TellsWhatIsOnRecordOfAStore) {
  hold("a");
  hold("b", "bob");
  begin("open");
  EXPECT_TRUE(run(ledger_->is_open({"main", "alice", "open"})).value());
  EXPECT_FALSE(run(ledger_->is_open({"main", "bob", "open"})).value());
  EXPECT_FALSE(run(ledger_->is_open({"main", "alice", "a"})).value()) << "held";
  auto held = run(ledger_->records("main")).value();
  ASSERT_EQ(held.size(), 3U);
  std::ranges::sort(held, {}, [](const auto& one) { return one.name.key; });  // of the same age, perhaps
  EXPECT_EQ(held[0].state, UploadLedger::State::held);
  EXPECT_EQ(held[0].name.owner, "alice");
  EXPECT_EQ(held[1].name.key, "b");
  EXPECT_EQ(held[1].upload.parts.size(), 1U);
  EXPECT_GT(held[1].upload.began, WallTime{});
  EXPECT_EQ(held[2].state, UploadLedger::State::open);
  EXPECT_THAT(run(ledger_->records("other")).value(), IsEmpty());
}

TEST_P(Ledger, WhatIsForgottenIsGoneAndNobodysToWrite) {
  const std::string ticket = hold("a");
  EXPECT_EQ(run(ledger_->stored(ticket, {.number = 2, .size = 1, .etag = "e", .crc64 = {}})).error().code,
            Errc::conflict)
      << "held, not open";
  EXPECT_TRUE(run(ledger_->forget(ticket)));
  EXPECT_TRUE(run(ledger_->forget(ticket)));
  EXPECT_FALSE(find("a"));
  EXPECT_EQ(run(ledger_->begun(ticket, "x")).error().code, Errc::conflict);
  EXPECT_EQ(run(ledger_->joining(ticket)).error().code, Errc::conflict);
  EXPECT_EQ(run(ledger_->stored(ticket, {.number = 1, .size = 1, .etag = "e", .crc64 = {}})).error().code,
            Errc::conflict);
  EXPECT_FALSE(run(ledger_->take(ticket, 9)).value());
}

/// Ledgers that outlive their process.
class SharedLedger : public Ledger {};

TEST_P(SharedLedger, UploadsOfDeadProcessesAreAdoptedThoseOfLivingOnesNot) {
  const std::string mine = begin("mine");
  const std::string dead = begin("dead");
  store(dead, 1);
  store(dead, 2);
  ASSERT_TRUE(run(ledger_->joining(dead)));
  // A process that has ended: a child of this one.
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string name = state::this_node();
    const bool told = ::write(ends[1], name.data(), name.size()) == static_cast<ssize_t>(name.size());
    ::_exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  std::string node(1024, '\0');
  const ssize_t length = ::read(ends[0], node.data(), node.size());
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_GT(length, 0);
  node.resize(static_cast<std::size_t>(length));
  const auto give_to = [&](const std::string& ticket, const std::string& owner, std::int64_t seen) {
    ASSERT_TRUE(database_->transact("test", state::Access::write, [&](soci::session& sql) {
      sql << "UPDATE uploads SET node = :node WHERE ticket = :ticket", soci::use(owner), soci::use(ticket);
      sql << "INSERT INTO nodes (id, seen) VALUES (:id, :seen)", soci::use(owner), soci::use(seen);
    }));
  };
  const std::int64_t now = wall_now().time_since_epoch().count();
  give_to(dead, node, now);
  const std::string elsewhere = begin("elsewhere");
  give_to(elsewhere, "another machine/1/1", now);
  const std::string silent = begin("silent");
  store(silent, 1);
  give_to(silent, "a silent machine/1/1", now - 3'600'000);

  const std::string begun = begin("begun");
  give_to(begun, "another silent machine/1/1", now - 3'600'000);

  EXPECT_EQ(run(ledger_->adopt()).value(), 3U);
  EXPECT_FALSE(find("begun")) << "nothing of it can be continued";
  EXPECT_EQ(run(ledger_->records("main")).value().size(), 5U);
  EXPECT_TRUE(find("dead")->doubtful);
  EXPECT_FALSE(find("silent")->doubtful);
  EXPECT_EQ(find("dead")->parts.size(), 2U);
  EXPECT_TRUE(find("silent"));
  EXPECT_FALSE(find("mine"));
  EXPECT_FALSE(find("elsewhere"));
  EXPECT_EQ(run(ledger_->stored(dead, {.number = 3, .size = 1, .etag = "e", .crc64 = {}})).error().code,
            Errc::conflict);
  EXPECT_EQ(run(ledger_->adopt()).value(), 0U);
  EXPECT_TRUE(run(ledger_->forget(mine)));
}

INSTANTIATE_TEST_SUITE_P(KeptIn, Ledger, test::any_place, test::name_of_place);
INSTANTIATE_TEST_SUITE_P(KeptIn, SharedLedger, test::shared_places, test::name_of_place);

}  // namespace
}  // namespace gantry::vfs
