// Parts proved by CRC-32C: what a store does with it decides, and whoever proves nothing gets an MD5.
#include <gtest/gtest.h>

#include <algorithm>

#include "object/encoding.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/unit/object/store_fixture.hpp"

namespace gantry::object {
namespace {

using test::FakeStore;
using test::FaultAction;

StoreOptions options_for(const FakeStore& fake) {
  return {.name = "main",
          .location = {.dialect = fake.options().dialect == test::FakeDialect::cos ? DialectKind::cos : DialectKind::s3,
                       .bucket = fake.options().bucket,
                       .region = fake.options().region,
                       .endpoint = fake.endpoint(),
                       .path_style = true},
          .credentials = {fake.options().access_key, Secret(fake.options().secret_key), Secret()},
          .retry = quick_retries()};
}

/// One upload of parts to a store that checks them by CRC-32C, or to one that never heard of it.
class Checksums : public testing::TestWithParam<bool> {
 protected:
  std::string begin() {
    asked_ = false;
    auto id = bench_.run(bench_->start_parts("k", {.by_crc32c = [this] { asked_ = true; }}));
    EXPECT_TRUE(id) << id.error().text();
    return id.value_or("");
  }
  Result<PartInfo> put(const std::string& id, std::uint32_t number, const std::string& text, Integrity integrity) {
    return bench_.run(bench_->put_part({"k", id, number}, {as_byte_view(text)}, std::move(integrity)));
  }
  static Integrity by_crc32c(const std::string& text) { return {.crc32c = digest::crc32c(as_byte_view(text))}; }
  static Integrity by_both(const std::string& text) {
    Integrity both = Bench::integrity_of(text);
    both.crc32c = digest::crc32c(as_byte_view(text));
    return both;
  }
  /// Of the requests for `op`, how many had the header.
  std::size_t with(std::string_view op, const std::string& header) {
    const auto all = fake_.requests();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const auto& one) { return one.op == op && one.headers.contains(header); }));
  }
  void expect_published(const std::string& id, std::vector<PartInfo> parts, const std::string& content) {
    auto done = bench_.run(bench_->finish_parts("k", id, std::move(parts), false));
    ASSERT_TRUE(done) << done.error().text();
    EXPECT_EQ(fake_.objects().at("k").content, content);
  }

  FakeStore fake_{{.crc32c = GetParam()}};
  Bench bench_{options_for(fake_)};
  bool asked_ = false;
};

class Checked : public Checksums {};
INSTANTIATE_TEST_SUITE_P(Store, Checked, testing::Values(true));
class Unknowing : public Checksums {};
INSTANTIATE_TEST_SUITE_P(Store, Unknowing, testing::Values(false));

TEST(Crc32cText, is_what_the_sdks_send) {
  EXPECT_EQ(crc32c_text(digest::crc32c(as_byte_view("123456789"))), "4waSgw==");
}

TEST_P(Checked, parts_are_proved_without_an_md5) {
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::unknown);
  const std::string id = begin();
  EXPECT_TRUE(asked_);
  const std::string first = pattern(5 * mib, 1);
  const std::string second = pattern(1000, 2);
  auto one = put(id, 1, first, by_crc32c(first));
  auto two = put(id, 2, second, by_crc32c(second));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(two->crc32c, crc32c_text(digest::crc32c(as_byte_view(second))));
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::yes);
  EXPECT_EQ(with("UploadPart", "content-md5"), 0U);
  EXPECT_EQ(fake_.count("UploadPart"), 2U);
  // Who continues the upload finds there what joining asks for.
  auto listed = bench_.run(bench_->list_parts("k", id));
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->at(1).crc32c, two->crc32c);
  expect_published(id, std::move(*listed), first + second);
}

TEST_P(Checked, an_upload_begun_without_it_goes_by_md5) {
  auto id = bench_.run(bench_->start_parts("k", {}));
  ASSERT_TRUE(id);
  const std::string text = pattern(1000);
  auto part = put(*id, 1, text, Bench::integrity_of(text));
  ASSERT_TRUE(part);
  EXPECT_TRUE(part->crc32c.empty());
  expect_published(*id, {*part}, text);
}

TEST_P(Checked, a_part_that_is_not_what_its_checksum_says_is_refused) {
  const std::string id = begin();
  auto part = put(id, 1, pattern(1000), by_crc32c("something else"));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, Errc::corrupt) << part.error().text();
}

TEST_P(Checked, a_body_damaged_in_the_store_is_sent_again) {
  const std::string id = begin();
  const std::string text = pattern(1000);
  fake_.fail({.op = "UploadPart", .action = FaultAction::corrupt});
  auto part = put(id, 1, text, by_crc32c(text));
  ASSERT_TRUE(part) << part.error().text();
  EXPECT_EQ(fake_.count("UploadPart"), 2U);
  expect_published(id, {*part}, text);
}

TEST_P(Checked, a_store_that_goes_on_damaging_is_not_believed) {
  const std::string id = begin();
  const std::string text = pattern(1000);
  fake_.fail({.op = "UploadPart", .times = 100, .action = FaultAction::corrupt});
  auto part = put(id, 1, text, by_crc32c(text));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, Errc::corrupt) << part.error().text();
}

TEST_P(Checked, another_checksum_in_the_answer_proves_nothing) {
  const std::string id = begin();
  const std::string text = pattern(1000);
  fake_.fail({.op = "UploadPart", .times = 100, .action = FaultAction::wrong_crc});
  // An ETag that is the MD5 does not make up for it.
  auto part = put(id, 1, text, by_both(text));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, Errc::corrupt) << part.error().text();
}

TEST_P(Checked, an_answer_that_falls_silent_is_proved_by_md5) {
  const std::string id = begin();
  const std::string first = pattern(5 * mib);
  const std::string second = pattern(1000);
  auto one = put(id, 1, first, by_crc32c(first));
  ASSERT_EQ(bench_->proves_crc32c(), ProvesCrc32c::yes);
  fake_.fail({.op = "UploadPart", .action = FaultAction::no_crc});
  auto two = put(id, 2, second, by_crc32c(second));
  ASSERT_TRUE(one && two);
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::no);
  EXPECT_EQ(fake_.count("UploadPart"), 3U);
  EXPECT_EQ(with("UploadPart", "content-md5"), 1U);
  expect_published(id, {*one, *two}, first + second);
  static_cast<void>(begin());
  EXPECT_FALSE(asked_);
}

TEST_P(Checked, a_silent_answer_does_not_hide_damage) {
  const std::string id = begin();
  const std::string text = pattern(1000);
  fake_.fail({.op = "UploadPart", .action = FaultAction::no_crc});
  fake_.fail({.op = "UploadPart", .times = 100, .action = FaultAction::corrupt});
  auto part = put(id, 1, text, by_crc32c(text));
  ASSERT_FALSE(part);
  EXPECT_EQ(part.error().code, Errc::corrupt) << part.error().text();
}

TEST_P(Unknowing, a_store_that_ignores_it_gets_an_md5) {
  const std::string id = begin();
  EXPECT_TRUE(asked_);
  const std::string text = pattern(1000);
  auto part = put(id, 1, text, by_both(text));
  ASSERT_TRUE(part);
  EXPECT_TRUE(part->crc32c.empty());
  EXPECT_EQ(fake_.count("UploadPart"), 1U);
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::no);
  expect_published(id, {*part}, text);
  static_cast<void>(begin());
  EXPECT_FALSE(asked_);
  EXPECT_EQ(with("CreateMultipartUpload", "x-amz-checksum-algorithm"), 1U);
}

TEST_P(Unknowing, what_came_without_an_md5_is_sent_again_with_one) {
  const std::string id = begin();
  const std::string text = pattern(1000);
  auto part = put(id, 1, text, by_crc32c(text));
  ASSERT_TRUE(part);
  EXPECT_EQ(fake_.count("UploadPart"), 2U);
  EXPECT_EQ(with("UploadPart", "content-md5"), 1U);
}

TEST_P(Unknowing, a_store_that_refuses_to_be_asked_is_asked_no_more) {
  fake_.fail({.op = "CreateMultipartUpload", .action = FaultAction::error, .status = 400, .code = "InvalidArgument"});
  const std::string id = begin();
  EXPECT_FALSE(asked_);
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::no);
  const std::string text = pattern(1000);
  auto part = put(id, 1, text, Bench::integrity_of(text));
  ASSERT_TRUE(part);
  expect_published(id, {*part}, text);
  EXPECT_EQ(with("CreateMultipartUpload", "x-amz-checksum-algorithm"), 1U);
}

TEST_P(Unknowing, a_store_that_refuses_the_part_gets_it_without) {
  const std::string id = begin();
  fake_.fail({.op = "UploadPart", .action = FaultAction::error, .status = 400, .code = "InvalidArgument"});
  const std::string text = pattern(1000);
  auto part = put(id, 1, text, by_both(text));
  ASSERT_TRUE(part) << part.error().text();
  EXPECT_EQ(with("UploadPart", "x-amz-checksum-crc32c"), 1U);
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::no);
  expect_published(id, {*part}, text);
}

TEST_P(Unknowing, a_refusal_for_another_reason_stays_one) {
  fake_.fail({.op = "CreateMultipartUpload",
              .times = 100,
              .action = FaultAction::error,
              .status = 403,
              .code = "AccessDenied"});
  auto id = bench_.run(bench_->start_parts("k", {.by_crc32c = [this] { asked_ = true; }}));
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code, Errc::denied);
  EXPECT_FALSE(asked_);
  EXPECT_EQ(bench_->proves_crc32c(), ProvesCrc32c::unknown);
}

TEST(CosChecksums, are_not_asked_for) {
  FakeStore fake({.dialect = test::FakeDialect::cos, .region = "ap-guangzhou"});
  Bench bench(options_for(fake));
  bool asked = false;
  EXPECT_EQ(bench->proves_crc32c(), ProvesCrc32c::no);
  ASSERT_TRUE(bench.run(bench->start_parts("k", {.by_crc32c = [&asked] { asked = true; }})));
  EXPECT_FALSE(asked);
  EXPECT_FALSE(fake.requests().back().headers.contains("x-amz-checksum-algorithm"));
}

}  // namespace
}  // namespace gantry::object
