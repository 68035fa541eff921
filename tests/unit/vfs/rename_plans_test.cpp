// One exam for every kind of book: in memory, in SQLite, and in PostgreSQL when GANTRY_TEST_POSTGRESQL names one.
#include "vfs/rename_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/sql_rename_plans.hpp"

namespace gantry::vfs {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class Kind { memory, sqlite, postgresql };

class Plans : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::memory) {
      plans_ = make_memory_rename_plans();
      return;
    }
    std::string location = "sqlite:" + directory_.path() + "/state.db";
    if (GetParam() == Kind::postgresql) {
      const char* server = std::getenv("GANTRY_TEST_POSTGRESQL");
      if (server == nullptr || *server == 0)
        GTEST_SKIP() << "GANTRY_TEST_POSTGRESQL names no server; ./dev test starts one";
      location = server;
    }
    auto opened = state::Database::open({.location = location}, pool_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    database_ = *opened;
    ASSERT_TRUE(database_->transact("clear", state::Access::write, [](soci::session& sql) {
      sql << "DELETE FROM renames";
      sql << "DELETE FROM nodes";
    }));
    plans_ = make_sql_rename_plans(database_);
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }
  Result<std::string> begin(const std::string& from, const std::string& to, const std::string& store = "main") {
    return run(plans_->begin({.store = store, .owner = "alice", .from = from, .to = to}));
  }
  std::vector<RenamePlan> records() { return run(plans_->records("main")).value(); }
  std::vector<RenamePlan> adopt() { return run(plans_->adopt("main")).value(); }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{2, 16};
  std::shared_ptr<state::Database> database_;
  std::shared_ptr<RenamePlans> plans_;
};

TEST_P(Plans, KeepWhatTheyAreTold) {
  auto ticket = begin("a/b/", "c/");
  ASSERT_TRUE(ticket.has_value());
  ASSERT_TRUE(run(plans_->advance(*ticket, RenamePhase::copying)));
  ASSERT_THAT(records(), SizeIs(1));
  const RenamePlan plan = records().front();
  EXPECT_EQ(plan.ticket, *ticket);
  EXPECT_EQ(plan.owner, "alice");
  EXPECT_EQ(plan.from, "a/b/");
  EXPECT_EQ(plan.to, "c/");
  EXPECT_EQ(plan.phase, RenamePhase::copying);
  EXPECT_LT(wall_now() - plan.began, std::chrono::minutes(1));
  EXPECT_THAT(run(plans_->records("other")).value(), IsEmpty());
  ASSERT_TRUE(run(plans_->advance(*ticket, RenamePhase::deleting)));
  EXPECT_EQ(records().front().phase, RenamePhase::deleting);
  ASSERT_TRUE(run(plans_->forget(*ticket)));
  EXPECT_THAT(records(), IsEmpty());
  EXPECT_FALSE(run(plans_->advance(*ticket, RenamePhase::copying)));
}

TEST_P(Plans, RefuseWhatTouchesTheSameTrees) {
  ASSERT_TRUE(begin("a/b/", "c/").has_value());
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"a/b/", "d/"},
                                                                                 {"a/b/x/", "d/"},
                                                                                 {"a/", "d/"},
                                                                                 {"d/", "c/"},
                                                                                 {"d/", "c/x/"},
                                                                                 {"d/", "a/b/"},
                                                                                 {"c/", "d/"}}) {
    auto refused = begin(from, to);
    ASSERT_FALSE(refused.has_value()) << from << " " << to;
    EXPECT_EQ(refused.error().code, Errc::conflict);
  }
  EXPECT_TRUE(begin("a/bb/", "cc/").has_value());
  EXPECT_TRUE(begin("a/b/", "c/", "other").has_value());
  EXPECT_TRUE(run(plans_->touched("main", "a/b/x/")).value());
  EXPECT_TRUE(run(plans_->touched("main", "c/")).value());
  EXPECT_FALSE(run(plans_->touched("main", "a/c/")).value());
  EXPECT_FALSE(run(plans_->touched("third", "c/")).value());
}

TEST_P(Plans, GiveOutWhatWasAbandonedOnce) {
  auto followed = begin("a/", "b/");
  auto left = begin("c/", "d/");
  ASSERT_TRUE(followed && left);
  EXPECT_THAT(adopt(), IsEmpty());
  plans_->abandon(*left);
  auto adopted = adopt();
  ASSERT_THAT(adopted, SizeIs(1));
  EXPECT_EQ(adopted.front().ticket, *left);
  EXPECT_THAT(adopt(), IsEmpty());
  plans_->abandon(*left);
  EXPECT_THAT(adopt(), SizeIs(1));
  ASSERT_TRUE(run(plans_->forget(*left)));
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_P(Plans, AnOwnerThatGoesAwayAbandons) {
  {
    auto open = run(OpenRename::begin(plans_, {.store = "main", .owner = "alice", .from = "a/", .to = "b/"}));
    ASSERT_TRUE(open.has_value());
    ASSERT_TRUE(run((*open)->advance(RenamePhase::copying)));
    EXPECT_THAT(adopt(), IsEmpty());
  }
  auto adopted = adopt();
  ASSERT_THAT(adopted, SizeIs(1));
  EXPECT_EQ(adopted.front().phase, RenamePhase::copying);
}

TEST_P(Plans, OfAnEndedProcessGoToTheLivingOne) {
  if (GetParam() == Kind::memory) GTEST_SKIP() << "of one process only";
  auto ticket = begin("a/", "b/");
  ASSERT_TRUE(ticket && run(plans_->advance(*ticket, RenamePhase::deleting)));
  auto owner = [&](const std::string& node) {
    return database_->transact("pretend", state::Access::write,
                               [&](soci::session& sql) { sql << "UPDATE renames SET node = :node", soci::use(node); });
  };
  ASSERT_TRUE(database_->transact("pretend", state::Access::write, [](soci::session& sql) {
    sql << "INSERT INTO nodes (id, seen) VALUES ('other', 1)";
  }));
  ASSERT_TRUE(owner("other"));
  EXPECT_THAT(adopt(), IsEmpty()) << "it lives";
  EXPECT_EQ(run(plans_->advance(*ticket, RenamePhase::copying)).error().code, Errc::conflict);
  ASSERT_TRUE(run(plans_->forget(*ticket)));
  EXPECT_THAT(records(), SizeIs(1)) << "of another process";
  ASSERT_TRUE(owner("gone"));
  auto adopted = adopt();
  ASSERT_THAT(adopted, SizeIs(1));
  EXPECT_EQ(adopted.front().phase, RenamePhase::deleting);
  EXPECT_THAT(adopt(), IsEmpty());
  ASSERT_TRUE(run(plans_->forget(*ticket)));
  EXPECT_THAT(records(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Kinds, Plans, ::testing::Values(Kind::memory, Kind::sqlite, Kind::postgresql),
                         [](const auto& info) {
                           return info.param == Kind::memory   ? "memory"
                                  : info.param == Kind::sqlite ? "sqlite"
                                                               : "postgresql";
                         });

}  // namespace
}  // namespace gantry::vfs
