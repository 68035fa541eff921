// The remote store over real sockets, against the strict fake in both dialects: every verb, and every way to fail.
#include "object/remote_store.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>

#include "async/child.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/unit/object/exam.hpp"

namespace gantry::object {
namespace {

using test::FakeDialect;
using test::FakeStore;
using test::FakeStoreOptions;
using test::FaultAction;

class Remote : public testing::TestWithParam<FakeDialect> {
 protected:
  [[nodiscard]] bool cos() const { return GetParam() == FakeDialect::cos; }
  [[nodiscard]] std::size_t min_part() const { return (cos() ? 1 : 5) * mib; }

  FakeStoreOptions fake_options() const {
    FakeStoreOptions options;
    options.dialect = GetParam();
    if (cos()) options.region = "ap-guangzhou";
    return options;
  }
  StoreOptions store_options() const {
    const FakeStoreOptions& fake = fake_.options();
    return {.name = "main",
            .location = {.dialect = cos() ? DialectKind::cos : DialectKind::s3,
                         .bucket = fake.bucket,
                         .region = fake.region,
                         .endpoint = fake_.endpoint(),
                         .path_style = !cos()},
            .credentials = {fake.access_key, Secret(fake.secret_key), Secret()},
            .retry = quick_retries()};
  }

  FakeStore fake_{fake_options()};
  Bench bench_{store_options()};
};

INSTANTIATE_TEST_SUITE_P(Dialects, Remote, testing::Values(FakeDialect::s3, FakeDialect::cos),
                         [](const auto& info) { return info.param == FakeDialect::s3 ? "s3" : "cos"; });

TEST_P(Remote, exam) { examine(bench_, "unit object/", min_part()); }

TEST_P(Remote, pages_shorter_than_asked) {
  FakeStoreOptions options = fake_options();
  options.max_page = 3;
  FakeStore fake(options);
  StoreOptions store = store_options();
  store.location.endpoint = fake.endpoint();
  Bench bench(store);
  for (int i = 0; i < 10; ++i) fake.put_object("k" + std::to_string(i) + " +", "x");
  std::vector<std::string> keys;
  ListRequest request;
  do {
    auto page = bench.run(bench->list(request));
    ASSERT_TRUE(page) << page.error().text();
    for (const ObjectInfo& info : page->objects) keys.push_back(info.key);
    request.cursor = page->cursor;
  } while (!request.cursor.empty());
  ASSERT_EQ(keys.size(), 10U);
  EXPECT_EQ(keys.back(), "k9 +");
}

TEST_P(Remote, overload_passes) {
  fake_.fail({.op = "PutObject", .times = 2, .action = FaultAction::error, .status = 503, .code = "SlowDown"});
  EXPECT_TRUE(bench_.put("k", "abc"));
  EXPECT_EQ(fake_.count("PutObject"), 3U);
  EXPECT_LT(bench_.shared().gate().concurrency(), BucketGate::max_concurrency);
}

TEST_P(Remote, overload_that_stays_is_throttled) {
  fake_.fail({.op = "HeadObject", .times = 100, .status = 503, .code = "SlowDown"});
  fake_.fail({.op = "GetObject", .times = 100, .status = 503, .code = "SlowDown"});
  auto got = bench_.get("k");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::throttled);
  EXPECT_EQ(fake_.count("GetObject"), 6U);
}

TEST_P(Remote, resets_and_early_errors_pass) {
  std::string content = pattern(3 * mib);
  fake_.fail({.op = "PutObject", .action = FaultAction::reset});
  fake_.fail({.op = "PutObject", .action = FaultAction::reset_request, .bytes = 100'000});
  fake_.fail({.op = "PutObject", .action = FaultAction::early_error, .status = 503, .code = "SlowDown"});
  auto put = bench_.put("k", content);
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(fake_.objects().at("k").content, content);
  EXPECT_GE(fake_.count("PutObject"), 4U);
}

TEST_P(Remote, a_part_damaged_on_the_way_is_sent_again) {
  auto id = bench_.run(bench_->start_parts("k", {}));
  ASSERT_TRUE(id);
  std::string content = pattern(100'000);
  fake_.fail({.op = "UploadPart", .action = FaultAction::wrong_etag});
  auto part = bench_.put_part("k", *id, 1, content);
  // COS proves the part by its checksum as well, but an ETag that is an MD5 must be ours there too.
  ASSERT_TRUE(part) << part.error().text();
  EXPECT_EQ(fake_.count("UploadPart"), 2U);
  // What the caller computed must not come back as the store's word: nobody would check the next parts then.
  EXPECT_EQ(part->crc64.has_value(), GetParam() == FakeDialect::cos);
  ASSERT_TRUE(bench_.run(bench_->finish_parts("k", *id, {*part}, false)));
  EXPECT_EQ(fake_.objects().at("k").content, content);
}

TEST_P(Remote, bytes_damaged_in_the_store_are_seen) {
  fake_.fail({.op = "PutObject", .times = 2, .action = FaultAction::corrupt});
  auto put = bench_.put("k", pattern(1000));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::corrupt) << put.error().text();
}

TEST_P(Remote, reading_goes_on_after_resets) {
  std::string content = pattern(2 * mib);
  fake_.put_object("k", content);
  fake_.fail({.op = "GetObject", .action = FaultAction::reset_response, .bytes = 300'000});
  fake_.fail({.op = "GetObject", .action = FaultAction::truncate, .bytes = 200'000});
  auto got = bench_.get("k");
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(*got, content);
  EXPECT_EQ(fake_.count("GetObject"), 3U);
  EXPECT_EQ(bench_.get("k", {.range = {1000, 500'000}}).value(), content.substr(1000, 500'000));
}

TEST_P(Remote, reading_never_mixes_two_objects) {
  fake_.put_object("k", pattern(1'000'000, 1));
  fake_.fail({.op = "GetObject", .action = FaultAction::reset_response, .bytes = 400'000});
  auto work = [&]() -> Task<Result<std::size_t>> {
    auto body = co_await bench_->get("k", {});
    if (!body) co_return fail(std::move(body.error()));
    std::vector<std::byte> buffer(64 * kib);
    Result<std::size_t> got = co_await (*body)->read(buffer);
    fake_.put_object("k", pattern(1'000'000, 2));
    while (got && *got > 0) got = co_await (*body)->read(buffer);
    co_return got;
  };
  auto got = bench_.run(work());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::conflict) << got.error().text();
}

TEST_P(Remote, copy_hears_the_error_in_a_200) {
  fake_.put_object("a", "abc");
  fake_.fail({.op = "CopyObject", .action = FaultAction::ok_with_error, .status = 200, .code = "InternalError"});
  auto copied = bench_.run(bench_->copy({.from = "a", .to = "b"}));
  ASSERT_TRUE(copied) << copied.error().text();
  EXPECT_EQ(fake_.objects().at("b").content, "abc");
}

TEST_P(Remote, parts_begun_without_being_heard_of_are_told) {
  for (FaultAction action : {FaultAction::error, FaultAction::execute_then_reset}) {
    const std::size_t before = fake_.open_uploads().size();
    int unheard = 0;
    fake_.fail({.op = "CreateMultipartUpload", .action = action, .status = 400, .code = "RequestTimeout"});
    ASSERT_TRUE(bench_.run(bench_->start_parts("k", {.unheard = [&unheard] { ++unheard; }})));
    EXPECT_EQ(static_cast<std::size_t>(unheard), fake_.open_uploads().size() - before - 1);
  }
}

TEST_P(Remote, an_uncertain_join_is_settled) {
  for (FaultAction action : {FaultAction::execute_then_reset, FaultAction::execute_then_error,
                             FaultAction::ok_with_error, FaultAction::reset, FaultAction::error}) {
    fake_.clear_faults();
    auto id = bench_.run(bench_->start_parts("k", {}));
    ASSERT_TRUE(id);
    auto part = bench_.put_part("k", *id, 1, "content");
    ASSERT_TRUE(part);
    fake_.fail({.op = "CompleteMultipartUpload", .action = action, .status = 500, .code = "InternalError"});
    auto done = bench_.run(bench_->finish_parts("k", *id, {*part}, false));
    ASSERT_TRUE(done) << static_cast<int>(action) << " " << done.error().text();
    EXPECT_EQ(fake_.objects().at("k").content, "content");
    EXPECT_EQ(done->etag, fake_.objects().at("k").etag);
    fake_.remove_object("k");
  }
  EXPECT_EQ(fake_.count("AbortMultipartUpload"), 0U);
}

TEST_P(Remote, a_join_that_never_answers_stays_uncertain) {
  auto id = bench_.run(bench_->start_parts("k", {}));
  ASSERT_TRUE(id);
  auto part = bench_.put_part("k", *id, 1, "content");
  ASSERT_TRUE(part);
  fake_.fail({.op = "CompleteMultipartUpload", .times = 100, .action = FaultAction::reset});
  auto done = bench_.run(bench_->finish_parts("k", *id, {*part}, false));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_TRUE(done.error().detail.starts_with("uncertain")) << done.error().detail;
  EXPECT_EQ(fake_.open_uploads().size(), 1U);
}

TEST_P(Remote, create_only_join) {
  fake_.put_object("k", "old");
  auto id = bench_.run(bench_->start_parts("k", {}));
  ASSERT_TRUE(id);
  auto part = bench_.put_part("k", *id, 1, "content");
  ASSERT_TRUE(part);
  auto done = bench_.run(bench_->finish_parts("k", *id, {*part}, true));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::already_exists) << done.error().text();
  EXPECT_EQ(fake_.objects().at("k").content, "old");
}

TEST_P(Remote, create_only_put_whose_answer_was_lost) {
  fake_.fail({.op = "PutObject", .action = FaultAction::execute_then_reset});
  auto put = bench_.put("k", "abc", {.create_only = true});
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(fake_.objects().at("k").content, "abc");
}

TEST_P(Remote, a_wrong_clock_is_corrected) {
  for (int hours : {-3, 3}) {
    FakeStoreOptions options = fake_options();
    options.clock_offset = std::chrono::hours(hours);
    FakeStore fake(options);
    StoreOptions store = store_options();
    store.location.endpoint = fake.endpoint();
    Bench bench(store);
    auto put = bench.put("k", "abc");
    ASSERT_TRUE(put) << put.error().text();
    EXPECT_LT(std::chrono::abs(bench.shared().clock_offset() - std::chrono::hours(hours)), std::chrono::minutes(1));
    std::size_t before = fake.count();
    EXPECT_TRUE(bench.put("k", "abc"));
    EXPECT_EQ(fake.count(), before + 1);
  }
}

TEST_P(Remote, a_wrong_clock_is_seen_in_head) {
  FakeStoreOptions options = fake_options();
  options.clock_offset = std::chrono::hours(5);
  FakeStore fake(options);
  StoreOptions store = store_options();
  store.location.endpoint = fake.endpoint();
  Bench bench(store);
  fake.put_object("k", "abc");
  auto head = bench.run(bench->head("k"));
  ASSERT_TRUE(head) << head.error().text();
}

TEST_P(Remote, wrong_secret_says_what_to_check) {
  StoreOptions store = store_options();
  store.credentials.secret_key = Secret("wrong");
  Bench bench(store);
  auto probe = bench.run(bench->probe());
  ASSERT_FALSE(probe);
  EXPECT_EQ(probe.error().code, Errc::unavailable);
  EXPECT_TRUE(probe.error().detail.contains("check access_key and secret_key of store main")) << probe.error().detail;
  EXPECT_FALSE(probe.error().text().contains("wrong"));
  EXPECT_EQ(fake_.count(), 1U);
}

TEST_P(Remote, wrong_region_of_an_own_endpoint) {
  if (cos()) GTEST_SKIP() << "the region is no part of a COS signature";
  StoreOptions store = store_options();
  store.location.region = "eu-nowhere-1";
  Bench bench(store);
  auto put = bench.put("k", "abc");
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(bench.shared().region(), "us-east-1");
}

TEST_P(Remote, nobody_there) {
  asio::io_context io;
  asio::ip::tcp::acceptor closed(io, {asio::ip::address_v4::loopback(), 0});
  std::uint16_t port = closed.local_endpoint().port();
  closed.close();
  StoreOptions store = store_options();
  store.location.endpoint = "http://127.0.0.1:" + std::to_string(port);
  Bench bench(store);
  auto begin = SteadyClock::now();
  auto probe = bench.run(bench->probe());
  ASSERT_FALSE(probe);
  EXPECT_EQ(probe.error().code, Errc::unavailable) << probe.error().text();
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(10));
}

TEST(HttpClients, are_made_for_the_origin_asked_for) {
  asio::io_context io;
  async::BlockingPool pool(1, 1);
  http::Origin origin{.tls = false, .host = "127.0.0.1", .port = 9};
  auto client = http_clients(io.get_executor(), {}, pool)(origin);
  ASSERT_TRUE(client) << client.error().text();
  EXPECT_EQ((*client)->origin(), origin);
}

TEST_P(Remote, cancelling_ends_a_call_and_a_pause) {
  fake_.fail({.op = "GetObject", .times = 100, .action = FaultAction::stall});
  std::optional<Result<std::unique_ptr<Body>>> got;
  auto work = [&]() -> Task<void> {
    async::Child child(co_await asio::this_coro::executor, "get",
                       [](Bench& bench, auto& out) -> Task<void> { out = co_await bench->get("k", {}); }(bench_, got));
    while (fake_.count("GetObject") == 0) co_await async::sleep_for(std::chrono::milliseconds(1));
    child.cancel();
    co_await child.join();
  };
  bench_.run(work());
  ASSERT_TRUE(got);
  ASSERT_FALSE(*got);
  EXPECT_EQ(got->error().code, Errc::cancelled);
}

TEST_P(Remote, a_store_that_hangs_times_out) {
  StoreOptions store = store_options();
  store.request_timeout = std::chrono::milliseconds(100);
  store.retry.max_tries = 2;
  Bench bench(store);
  fake_.fail({.op = "HeadObject", .times = 100, .action = FaultAction::stall});
  auto head = bench.run(bench->head("k"));
  ASSERT_FALSE(head);
  EXPECT_EQ(head.error().code, Errc::timed_out) << head.error().text();
}

/// A source of keys that puts `next` in place when asked, as the server does after reading its files.
void give_when_asked(Bench& bench, Credentials next, int& asked) {
  LiveCredentials& live = bench.shared().credentials();
  live.set_source([&live, &asked, next] {
    ++asked;
    live.replace(next);
    live.looked();
  });
}

TEST_P(Remote, expired_token_is_replaced_and_the_request_repeated) {
  // As both vendors say it; HEAD says nothing but 403.
  for (const char* code : {"ExpiredToken", "InvalidAccessKeyId", "AccessDenied", "InvalidToken"}) {
    fake_.set_credentials("AK1", "s1", "token one");
    StoreOptions options = store_options();
    options.credentials = {"AK1", Secret("s1"), Secret("token one")};
    Bench bench(options);
    int asked = 0;
    give_when_asked(bench, {"AK2", Secret("s2"), Secret("token two")}, asked);
    ASSERT_TRUE(bench.put("k", "abc"));
    EXPECT_EQ(asked, 0);
    fake_.set_credentials("AK2", "s2", "token two", code);
    fake_.clear_requests();
    auto head = bench.run(bench->head("k"));
    ASSERT_TRUE(head) << code << ": " << head.error().text();
    EXPECT_EQ(asked, 1) << code;
    EXPECT_EQ(fake_.count("HeadObject"), 2U) << code;
    EXPECT_TRUE(bench.put("k", "def")) << code;
    EXPECT_EQ(fake_.count("PutObject"), 1U) << "the next request begins with the new keys";
  }
}

TEST_P(Remote, keys_replaced_meanwhile_are_used_without_asking) {
  fake_.set_credentials("AK1", "s1", "t1");
  StoreOptions options = store_options();
  options.credentials = {"AK1", Secret("s1"), Secret("t1")};
  Bench bench(options);
  auto id = bench.run(bench->start_parts("k", {}));
  ASSERT_TRUE(id);
  std::string content = pattern(min_part());
  auto first = bench.put_part("k", *id, 1, content);
  ASSERT_TRUE(first);
  fake_.set_credentials("AK2", "s2", "t2");
  bench.shared().credentials().replace({"AK2", Secret("s2"), Secret("t2")});
  auto second = bench.put_part("k", *id, 2, "end");
  ASSERT_TRUE(second) << second.error().text();
  ASSERT_TRUE(bench.run(bench->finish_parts("k", *id, {*first, *second}, false)));
  EXPECT_EQ(fake_.objects().at("k").content, content + "end");
}

TEST_P(Remote, stale_keys_without_newer_ones_fail_soon) {
  fake_.set_credentials("AK1", "s1", "t1");
  StoreOptions options = store_options();
  options.credentials = {"AK1", Secret("s1"), Secret("t0")};
  Bench bench(options);
  int asked = 0;
  bench.shared().credentials().set_source([&] {
    ++asked;
    bench.shared().credentials().looked();
  });
  for (int i = 0; i < 3; ++i) {
    auto put = bench.put("k", "abc");
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().code, Errc::unavailable) << put.error().text();
    EXPECT_TRUE(put.error().detail.contains("session_token of store main has expired")) << put.error().detail;
    EXPECT_FALSE(put.error().text().contains("t0 "));
  }
  EXPECT_EQ(fake_.count("PutObject"), 3U) << "no try without newer keys";
  EXPECT_EQ(asked, 1) << "not asked again within the pause";
}

}  // namespace
}  // namespace gantry::object
