#include "server/ban_exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "server/shared.hpp"
#include "tests/support/book_exam.hpp"

namespace gantry::server {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const auto peer = asio::ip::make_address("192.0.2.1");

config::Config settings() {
  config::Config config;
  config.server.memory_budget = mib;
  config.server.blocking_threads = 1;
  config.defender.threshold = 1;
  return config;
}

/// Two servers and one book.
class Exchange : public test::BookExam {
 protected:
  void SetUp() override {
    BookExam::SetUp();
    if (IsSkipped()) return;
    clear({"bans"});
    for (Shared* node : {&here_, &there_}) node->bans = limits::make_sql_ban_book(database_);
  }
  void exchange(Shared& node) { ASSERT_TRUE(run(BanExchange(node).exchange())); }
  [[nodiscard]] static bool refused_by(Shared& node) { return node.defender.refuses(peer, wall_now()); }

  Shared here_{settings()};
  Shared there_{settings()};
};

TEST_P(Exchange, CarriesBansToOtherServers) {
  ASSERT_TRUE(here_.defender.login_failed(peer, "alice", wall_now()));
  exchange(there_);
  EXPECT_FALSE(refused_by(there_));
  exchange(here_);
  exchange(there_);
  EXPECT_TRUE(refused_by(here_));
  EXPECT_TRUE(refused_by(there_));
  const auto bans = run(current_bans(*there_.bans)).value();
  ASSERT_THAT(bans, SizeIs(1));
  EXPECT_EQ(bans[0].network, "192.0.2.1");
  EXPECT_EQ(bans[0].reason, "failed logins");
}

TEST_P(Exchange, CarriesWhatIsDoneByHand) {
  const auto added = run(add_ban(*here_.bans, "192.0.2.0/24", std::nullopt, "by hand"));
  ASSERT_TRUE(added.has_value());
  EXPECT_EQ(added->end, limits::never_ends);
  exchange(there_);
  EXPECT_TRUE(refused_by(there_));
  EXPECT_TRUE(run(remove_ban(*here_.bans, "192.0.2.0/24")).value());
  EXPECT_FALSE(run(remove_ban(*here_.bans, "192.0.2.0/24")).value());
  exchange(there_);
  EXPECT_FALSE(refused_by(there_));
  EXPECT_THAT(run(current_bans(*here_.bans)).value(), IsEmpty());
}

TEST_P(Exchange, KnowsOneSpellingOfANetwork) {
  ASSERT_TRUE(run(add_ban(*here_.bans, "2001:DB8:1:2:3::4", Seconds(60), "by hand")).has_value());
  EXPECT_EQ(run(current_bans(*here_.bans)).value().at(0).network, "2001:db8:1:2::/64");
  EXPECT_TRUE(run(remove_ban(*here_.bans, "2001:db8:1:2::9")).value());
  const auto refused = run(add_ban(*here_.bans, "alice", Seconds(60), "by hand"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::invalid);
}

INSTANTIATE_TEST_SUITE_P(Books, Exchange, test::shared_places, test::name_of_place);

/// A book that cannot be reached.
class LostBook : public limits::BanBook {
 public:
  Task<Result<void>> record(limits::Ban) override { co_return fail(Errc::unavailable, "record"); }
  Task<Result<bool>> remove(std::string) override { co_return fail(Errc::unavailable, "remove"); }
  Task<Result<std::vector<limits::Ban>>> list() override { co_return fail(Errc::unavailable, "list"); }
  Task<Result<void>> forget(WallTime) override { co_return fail(Errc::unavailable, "forget"); }
};

TEST(ExchangeWithoutABook, ForgetsNothing) {
  asio::io_context context;
  Shared node(settings());
  node.bans = std::make_shared<LostBook>();
  ASSERT_TRUE(node.defender.login_failed(peer, "alice", wall_now()));
  BanExchange exchange(node);
  EXPECT_FALSE(test::run_task(context, exchange.exchange()));
  EXPECT_TRUE(node.defender.refuses(peer, wall_now()));
  // Once it is there, it hears.
  node.bans = limits::make_memory_ban_book();
  EXPECT_TRUE(test::run_task(context, exchange.exchange()));
  EXPECT_THAT(test::run_task(context, current_bans(*node.bans)).value(), SizeIs(1));
}

}  // namespace
}  // namespace gantry::server
