// One exam for every kind of digest book: in memory, in SQLite, and in PostgreSQL when GANTRY_TEST_POSTGRESQL names
// one.
#include "vfs/digest_book.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"
#include "vfs/sql_digest_book.hpp"

namespace gantry::vfs {
namespace {

using digest::Algorithm;
using digest::Digests;

enum class Place { memory, sqlite, postgresql };
constexpr std::size_t most = 5;

class Book : public ::testing::TestWithParam<Place> {
 protected:
  void SetUp() override {
    if (GetParam() == Place::memory) {
      book_ = make_memory_digest_book(most);
      return;
    }
    std::string location = "sqlite:" + directory_.path() + "/state.db";
    if (GetParam() == Place::postgresql) {
      const char* server = std::getenv("GANTRY_TEST_POSTGRESQL");
      if (server == nullptr || *server == 0)
        GTEST_SKIP() << "GANTRY_TEST_POSTGRESQL names no server; ./dev test starts one";
      location = server;
    }
    auto opened = state::Database::open({.location = location}, pool_);
    ASSERT_TRUE(opened.has_value()) << opened.error().text();
    // A PostgreSQL server keeps what an earlier test left.
    ASSERT_TRUE(
        (*opened)->transact("clear", state::Access::write, [](soci::session& sql) { sql << "DELETE FROM digests"; }));
    book_ = make_sql_digest_book(*opened, most);
  }

  void keep(const std::string& key, const std::string& etag, Digests digests) {
    EXPECT_TRUE(test::run_task(context_, book_->keep("main", {key, etag}, std::move(digests))));
  }
  Digests find(const std::string& key, const std::string& etag, const std::string& store = "main") {
    auto found = test::run_task(context_, book_->find(store, {key, etag}));
    EXPECT_TRUE(found.has_value());
    return found.value_or(Digests());
  }
  void move(std::vector<DigestBook::Move> moves) {
    EXPECT_TRUE(test::run_task(context_, book_->moved("main", std::move(moves))));
  }

  test::TemporaryDirectory directory_;
  asio::io_context context_;
  async::BlockingPool pool_{2, 64};
  std::shared_ptr<DigestBook> book_;
  const Digests some_{{Algorithm::crc64, std::string("\0\xff\x80 1234", 8)}, {Algorithm::md5, std::string(16, 'm')}};
  const Digests others_{{Algorithm::sha1, std::string(20, 's')}};
};

TEST_P(Book, KnowsOneVersionOfAnObject) {
  keep("a%/ü'", "e1", some_);
  EXPECT_EQ(find("a%/ü'", "e1"), some_);
  EXPECT_EQ(find("a%/ü'", "e2"), Digests());
  EXPECT_EQ(find("a%/ü'", "e1", "other"), Digests());
  EXPECT_EQ(find("A%/ü'", "e1"), Digests());
  keep("a%/ü'", "e2", others_);
  EXPECT_EQ(find("a%/ü'", "e1"), Digests());
  EXPECT_EQ(find("a%/ü'", "e2"), others_);
  EXPECT_TRUE(test::run_task(context_, book_->forget("main", "a%/ü'")));
  EXPECT_EQ(find("a%/ü'", "e2"), Digests());
}

TEST_P(Book, FollowsRenamesOfTheSameVersion) {
  keep("from", "e1", some_);
  keep("to", "e2", others_);
  move({{{"from", "another"}, {"elsewhere", "e3"}}});
  EXPECT_EQ(find("elsewhere", "e3"), Digests());
  EXPECT_EQ(find("from", "e1"), some_);
  move({{{"from", "e1"}, {"to", "e3"}}, {{"missing", "x"}, {"nowhere", "x"}}});
  EXPECT_EQ(find("to", "e3"), some_);
  EXPECT_EQ(find("to", "e2"), Digests());
  EXPECT_EQ(find("from", "e1"), Digests());
  move({{{"to", "e3"}, {"to", "e4"}}});
  EXPECT_EQ(find("to", "e4"), some_);
  // What is replaced by something unknown is void as well.
  move({{{"missing", "x"}, {"to", "e4"}}});
  EXPECT_EQ(find("to", "e4"), Digests());
}

TEST_P(Book, ForgetsTheOldest) {
  for (std::size_t i = 0; i < most + 2; ++i) keep("k" + std::to_string(i), "e", some_);
  EXPECT_EQ(find("k0", "e"), Digests());
  EXPECT_EQ(find("k1", "e"), Digests());
  for (std::size_t i = 2; i < most + 2; ++i) EXPECT_EQ(find("k" + std::to_string(i), "e"), some_) << i;
}

INSTANTIATE_TEST_SUITE_P(Books, Book, ::testing::Values(Place::memory, Place::sqlite, Place::postgresql),
                         [](const auto& info) {
                           switch (info.param) {
                             case Place::memory:
                               return "Memory";
                             case Place::sqlite:
                               return "Sqlite";
                             case Place::postgresql:
                               return "Postgresql";
                           }
                           return "";
                         });

}  // namespace
}  // namespace gantry::vfs
