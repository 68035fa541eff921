// Reading whole objects whose checksum the store says: what is damaged on the way is never complete.
#include <gtest/gtest.h>

#include "tests/support/fake_store.hpp"
#include "tests/unit/object/exam.hpp"

namespace gantry::object {
namespace {

using test::FakeDialect;
using test::FakeStore;
using test::FaultAction;

class CosGet : public testing::Test {
 protected:
  CosGet() { fake_.put_object("k", content_); }

  [[nodiscard]] StoreOptions options() const {
    const auto& fake = fake_.options();
    return {.name = "main",
            .location = {.dialect = DialectKind::cos,
                         .bucket = fake.bucket,
                         .region = fake.region,
                         .endpoint = fake_.endpoint()},
            .credentials = {fake.access_key, Secret(fake.secret_key), Secret()},
            .retry = quick_retries()};
  }

  std::string content_ = pattern(2 * mib);
  FakeStore fake_{{.dialect = FakeDialect::cos, .region = "ap-guangzhou"}};
  Bench bench_{options()};
};

TEST_F(CosGet, damaged_bytes_are_seen_at_the_end) {
  fake_.fail({.op = "GetObject", .action = FaultAction::corrupt});
  auto got = bench_.get("k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::corrupt) << got.error().text();
  EXPECT_EQ(bench_.get("k").value(), content_);
}

TEST_F(CosGet, damage_before_a_resumed_end_is_seen) {
  fake_.fail({.op = "GetObject", .action = FaultAction::truncate, .bytes = 300'000});
  fake_.fail({.op = "GetObject", .action = FaultAction::corrupt});
  auto got = bench_.get("k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::corrupt) << got.error().text();
  EXPECT_EQ(fake_.count("GetObject"), 2U);
}

TEST_F(CosGet, whole_after_a_resume) {
  fake_.fail({.op = "GetObject", .action = FaultAction::truncate, .bytes = 300'000});
  EXPECT_EQ(bench_.get("k").value(), content_);
}

TEST_F(CosGet, a_range_is_not_held_against_the_checksum_of_all) {
  EXPECT_EQ(bench_.get("k", {.range = {1000, 5000}}).value(), content_.substr(1000, 5000));
  EXPECT_EQ(bench_.get("k", {.range = {0, 5000}}).value(), content_.substr(0, 5000));
}

}  // namespace
}  // namespace gantry::object
