// One exam for every source of accounts: the file's, SQLite's, and PostgreSQL's when GANTRY_TEST_POSTGRESQL names one.
#include "accounts/account_source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "accounts/file_account_source.hpp"
#include "accounts/password.hpp"
#include "accounts/sql_account_source.hpp"
#include "base/password_hash.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::accounts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

enum class Kind { file, sqlite, postgresql };

UserRecord record(const std::string& name, std::map<std::string, std::string> settings = {}) {
  return {
      .name = name, .password = Secret("$6$" + name), .settings = std::move(settings), .created = {}, .changed = {}};
}

/// What the tests keep of an account as settings.
Result<Account> read(const UserRecord& record) {
  if (record.settings.contains("broken")) return fail(Errc::invalid, "read", "broken");
  Account account;
  account.name = record.name;
  account.password = record.password;
  if (const auto home = record.settings.find("home"); home != record.settings.end())
    account.home = {"main", home->second};
  account.disabled = record.settings.contains("disabled");
  return account;
}

class WithDatabase : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::file) return;
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
    ASSERT_TRUE(
        database_->transact("clear", state::Access::write, [](soci::session& sql) { sql << "DELETE FROM users"; }));
    records_ = std::make_shared<UserRecords>(database_);
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(context_, std::move(task));
  }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{2, 100};
  std::shared_ptr<state::Database> database_;
  std::shared_ptr<UserRecords> records_;
};

class Sources : public WithDatabase {
 protected:
  std::shared_ptr<AccountSource> source(const std::vector<UserRecord>& all) {
    if (GetParam() != Kind::file) {
      for (const UserRecord& one : all) EXPECT_TRUE(run(records_->add(one)));
      return std::make_shared<SqlAccountSource>(records_, read);
    }
    std::vector<Account> accounts;
    for (const UserRecord& one : all) accounts.push_back(*read(one));
    return std::make_shared<FileAccountSource>(std::move(accounts));
  }
};

TEST_P(Sources, FindByTheExactName) {
  auto accounts = source({record("alice", {{"home", "/a"}}), record("böb", {{"disabled", "true"}})});
  auto alice = run(accounts->find("alice"));
  ASSERT_TRUE(alice && *alice);
  EXPECT_EQ((*alice)->name, "alice");
  EXPECT_EQ((*alice)->password, Secret("$6$alice"));
  EXPECT_EQ((*alice)->home.prefix, "/a");
  EXPECT_FALSE((*alice)->disabled);
  auto bob = run(accounts->find("böb"));
  ASSERT_TRUE(bob && *bob);
  EXPECT_TRUE((*bob)->disabled);
  const std::string quote = "alice' OR '1'='1";
  for (const std::string& name : {std::string("Alice"), std::string("alice "), std::string(), std::string("%"), quote,
                                  std::string("\xff\xfe"), std::string("alice\0", 6), std::string(100'000, 'x')}) {
    auto nobody = run(accounts->find(name));
    ASSERT_TRUE(nobody) << nobody.error().text();
    EXPECT_FALSE(*nobody) << name;
  }
}

TEST_P(Sources, TheDecoyIsNobodysPasswordAndCostsWhatTheirsDo) {
  auto accounts = source({record("alice")});
  EXPECT_TRUE(is_hash(accounts->decoy().reveal()));
}

TEST(Decoy, CostsWhatNewHashesDoAndHasNoPassword) {
  const Secret decoy = decoy_of({.memory = 2 * mib, .passes = 3});
  EXPECT_TRUE(is_intact_password(decoy.reveal())) << decoy.reveal();
  EXPECT_FALSE(is_weaker(decoy.reveal(), {.memory = 2 * mib, .passes = 3}));
  EXPECT_FALSE(verify(decoy, Secret("secret")));
}

INSTANTIATE_TEST_SUITE_P(All, Sources, ::testing::Values(Kind::file, Kind::sqlite, Kind::postgresql));

class Records : public WithDatabase {};

TEST_P(Records, KeepWhatTheyAreTold) {
  ASSERT_TRUE(run(records_->add(record("bob"))));
  ASSERT_TRUE(run(records_->add(record("alice", {{"home", "\"main:/é\""}, {"quota_bytes", "5"}}))));
  auto all = run(records_->all());
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_EQ((*all)[0].name, "alice");
  EXPECT_THAT((*all)[0].settings, ElementsAre(Pair("home", "\"main:/é\""), Pair("quota_bytes", "5")));
  EXPECT_LT(wall_now() - (*all)[0].created, std::chrono::minutes(1));
  EXPECT_THAT((*all)[1].settings, IsEmpty());
}

TEST_P(Records, ChangesTouchNothingElse) {
  ASSERT_TRUE(run(records_->add(record("alice", {{"home", "h"}, {"quota_bytes", "5"}}))));
  ASSERT_TRUE(run(records_->add(record("bob", {{"home", "b"}}))));
  ASSERT_TRUE(run(records_->set("alice", {{"quota_bytes", "6"}, {"disabled", "true"}})));
  ASSERT_TRUE(run(records_->set_password("alice", Secret("$6$new"))));
  auto alice = run(records_->find("alice"));
  ASSERT_TRUE(alice && *alice);
  EXPECT_EQ((*alice)->password, Secret("$6$new"));
  EXPECT_THAT((*alice)->settings, ElementsAre(Pair("disabled", "true"), Pair("home", "h"), Pair("quota_bytes", "6")));
  auto bob = run(records_->find("bob"));
  ASSERT_TRUE(bob && *bob);
  EXPECT_EQ((*bob)->password, Secret("$6$bob"));
  EXPECT_THAT((*bob)->settings, ElementsAre(Pair("home", "b")));
}

TEST_P(Records, WhatIsThereAlreadyStaysAndWhatIsNotThereIsSaid) {
  ASSERT_TRUE(run(records_->add(record("alice", {{"home", "h"}}))));
  UserRecord other = record("alice", {{"home", "x"}});
  other.password = Secret("$6$x");
  EXPECT_EQ(run(records_->add(other)).error().code, Errc::already_exists);
  EXPECT_THAT((*run(records_->find("alice")))->settings, ElementsAre(Pair("home", "h")));
  EXPECT_EQ(run(records_->set("bob", {{"home", "x"}})).error().code, Errc::not_found);
  EXPECT_EQ(run(records_->set_password("bob", Secret("$6$x"))).error().code, Errc::not_found);
  EXPECT_EQ(run(records_->remove("bob")).error().code, Errc::not_found);
}

TEST_P(Records, ARemovedUserLeavesNothingToALaterOneOfTheName) {
  ASSERT_TRUE(run(records_->add(record("alice", {{"quota_bytes", "5"}}))));
  ASSERT_TRUE(run(records_->remove("alice")));
  EXPECT_FALSE(*run(records_->find("alice")));
  ASSERT_TRUE(run(records_->add(record("alice"))));
  EXPECT_THAT((*run(records_->find("alice")))->settings, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, Records, ::testing::Values(Kind::sqlite, Kind::postgresql));

class Layers : public WithDatabase {};

TEST_P(Layers, TheFirstSourceWinsAndTheSecondIsAskedForTheRest) {
  auto upper = read(record("alice", {{"home", "/file"}}));
  std::vector<Account> of_file{*upper};
  Account guest;
  auto file = std::make_shared<FileAccountSource>(of_file, guest);
  ASSERT_TRUE(run(records_->add(record("alice", {{"home", "/database"}}))));
  ASSERT_TRUE(run(records_->add(record("bob", {{"home", "/database"}}))));
  ASSERT_TRUE(run(records_->add(record("ftp", {{"home", "/database"}}))));
  ASSERT_TRUE(run(records_->add(record("odd", {{"broken", ""}}))));
  LayeredAccountSource both(file, std::make_shared<SqlAccountSource>(records_, read));
  EXPECT_EQ((*run(both.find("alice")))->home.prefix, "/file");
  EXPECT_EQ((*run(both.find("bob")))->home.prefix, "/database");
  EXPECT_TRUE((*run(both.find("ftp")))->anonymous);
  EXPECT_FALSE(*run(both.find("carol")));
  EXPECT_EQ(run(both.find("odd")).error().code, Errc::invalid);
}

TEST_P(Layers, ThePasswordsOfRecordsCanBeReplacedWhereNobodyElseHas) {
  auto upper = read(record("carol"));
  auto file = std::make_shared<FileAccountSource>(std::vector<Account>{*upper});
  LayeredAccountSource both(file, std::make_shared<SqlAccountSource>(records_, read));
  ASSERT_TRUE(run(records_->add(record("bob"))));
  const Account bob = **run(both.find("bob"));
  EXPECT_TRUE(bob.password_replaceable);
  ASSERT_TRUE(run(both.replace_password("bob", bob.password, Secret("$6$better"))));
  EXPECT_EQ((*run(both.find("bob")))->password, Secret("$6$better"));
  // Somebody has given another password meanwhile.
  ASSERT_TRUE(run(both.replace_password("bob", bob.password, Secret("$6$late"))));
  EXPECT_EQ((*run(both.find("bob")))->password, Secret("$6$better"));
  EXPECT_FALSE((*run(both.find("carol")))->password_replaceable);
  EXPECT_EQ(run(both.replace_password("carol", upper->password, Secret("$6$x"))).error().code, Errc::unsupported);
}

TEST_P(Layers, AChangeCountsForTheNextLogin) {
  SqlAccountSource accounts(records_, read);
  EXPECT_FALSE(*run(accounts.find("alice")));
  ASSERT_TRUE(run(records_->add(record("alice", {{"home", "/one"}}))));
  EXPECT_EQ((*run(accounts.find("alice")))->home.prefix, "/one");
  ASSERT_TRUE(run(records_->set("alice", {{"home", "/two"}})));
  EXPECT_EQ((*run(accounts.find("alice")))->home.prefix, "/two");
  ASSERT_TRUE(run(records_->remove("alice")));
  EXPECT_FALSE(*run(accounts.find("alice")));
}

INSTANTIATE_TEST_SUITE_P(All, Layers, ::testing::Values(Kind::sqlite, Kind::postgresql));

}  // namespace
}  // namespace gantry::accounts
