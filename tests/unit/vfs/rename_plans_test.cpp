// One exam for every kind of book.
#include "vfs/rename_plans.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/book_exam.hpp"
#include "vfs/sql_rename_plans.hpp"

namespace gantry::vfs {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class Plans : public test::BookExam {
 protected:
  void SetUp() override {
    BookExam::SetUp();
    if (IsSkipped()) return;
    if (!database_) {
      plans_ = make_memory_rename_plans();
      return;
    }
    clear({"renames", "nodes"});
    plans_ = make_sql_rename_plans(database_);
  }

  Result<std::string> begin(const std::string& from, const std::string& to, const std::string& store = "main") {
    return run(plans_->begin({.store = store, .owner = "alice", .from = from, .to = to}));
  }
  std::vector<RenamePlan> records() { return run(plans_->records("main")).value(); }
  std::vector<RenamePlan> adopt() { return run(plans_->adopt("main")).value(); }

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

class SharedPlans : public Plans {};

TEST_P(SharedPlans, OfAnEndedProcessGoToTheLivingOne) {
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

INSTANTIATE_TEST_SUITE_P(KeptIn, Plans, test::any_place, test::name_of_place);
INSTANTIATE_TEST_SUITE_P(KeptIn, SharedPlans, test::shared_places, test::name_of_place);

}  // namespace
}  // namespace gantry::vfs
