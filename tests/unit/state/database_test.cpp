#include "state/database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <future>

#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gantry::state {
namespace {

using ::testing::HasSubstr;

class Databases : public ::testing::Test {
 protected:
  std::shared_ptr<Database> open(const std::string& location, std::size_t connections = 4) {
    auto opened = Database::open({.location = location, .connections = connections}, pool_);
    EXPECT_TRUE(opened) << opened.error().text();
    return opened.value_or(nullptr);
  }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{2, 100};
};

TEST_F(Databases, WhatCannotBeUsedIsSaidWithoutAPassword) {
  EXPECT_EQ(Database::open({.location = "mysql:x"}, pool_).error().code, Errc::invalid);
  const auto missing = Database::open({.location = "sqlite:" + directory_.path() + "/none/state.db"}, pool_);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::unavailable);
  // Nobody listens on port 1.
  const auto silent = Database::open({.location = "postgresql://u:topsecret@127.0.0.1:1/d"}, pool_);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, Errc::unavailable);
  EXPECT_THAT(silent.error().text(), ::testing::Not(HasSubstr("topsecret")));
}

TEST_F(Databases, CallsThatWaitForAConnectionLeaveThePoolToOthers) {
  auto database = open("sqlite:" + directory_.path() + "/state.db", 1);
  std::promise<void> release;
  auto released = release.get_future().share();
  int done = 0;
  const auto call = [&]() -> Task<void> {
    const auto value = co_await database->run("slow", Access::read, [released](soci::session&) {
      released.wait();
      return 7;
    });
    EXPECT_EQ(value.value_or(0), 7);
    ++done;
  };
  for (int i = 0; i < 5; ++i) asio::co_spawn(context_, call(), [](std::exception_ptr) {});
  // One call has the only connection and one of the two threads; the other thread must be free for disks and hashes.
  const auto other = test::run_task(context_, pool_.run([] { return 1; }), std::chrono::seconds(10));
  EXPECT_TRUE(other);
  EXPECT_EQ(done, 0);
  release.set_value();
  context_.restart();
  context_.run();
  EXPECT_EQ(done, 5);
}

TEST_F(Databases, AnOpenedOneIsOfTheNewestVersionAndStaysSo) {
  const std::string location = "sqlite:" + directory_.path() + "/state.db";
  const auto version_of = [](const std::shared_ptr<Database>& database) {
    int version = 0;
    EXPECT_TRUE(database->transact("read", Access::read, [&](soci::session& sql) {
      sql << "SELECT MAX(version) FROM gantry_schema", soci::into(version);
    }));
    return version;
  };
  const int version = version_of(open(location));
  EXPECT_GE(version, 4);
  EXPECT_EQ(version_of(open(location)), version);
  auto database = open(location);
  ASSERT_TRUE(database->transact(
      "write", Access::write, [&](soci::session& sql) { sql << "INSERT INTO gantry_schema (version) VALUES (1000)"; }));
  const auto later = Database::open({.location = location}, pool_);
  ASSERT_FALSE(later);
  EXPECT_EQ(later.error().code, Errc::invalid);
  EXPECT_THAT(later.error().detail, HasSubstr("schema version 1000"));
}

}  // namespace
}  // namespace gantry::state
