// One exam for every kind of book.
#include "vfs/digest_book.hpp"

#include <gtest/gtest.h>

#include "tests/support/book_exam.hpp"
#include "vfs/sql_digest_book.hpp"

namespace gantry::vfs {
namespace {

using digest::Algorithm;
using digest::Digests;

constexpr std::size_t most = 5;

class Book : public test::BookExam {
 protected:
  void SetUp() override {
    BookExam::SetUp();
    if (IsSkipped()) return;
    if (!database_) {
      book_ = make_memory_digest_book(most);
      return;
    }
    clear({"digests"});
    book_ = make_sql_digest_book(database_, most);
  }

  void keep(const std::string& key, const std::string& etag, Digests digests) {
    EXPECT_TRUE(run(book_->keep("main", {key, etag}, std::move(digests))));
  }
  Digests find(const std::string& key, const std::string& etag, const std::string& store = "main") {
    auto found = run(book_->find(store, {key, etag}));
    EXPECT_TRUE(found.has_value());
    return found.value_or(Digests());
  }
  void move(std::vector<DigestBook::Move> moves) { EXPECT_TRUE(run(book_->moved("main", std::move(moves)))); }

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
  EXPECT_TRUE(run(book_->forget("main", "a%/ü'")));
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

INSTANTIATE_TEST_SUITE_P(KeptIn, Book, test::any_place, test::name_of_place);

}  // namespace
}  // namespace gantry::vfs
