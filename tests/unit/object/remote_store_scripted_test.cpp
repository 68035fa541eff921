// Answers that real servers give seldom: redirects, wrong clocks, odd listings, lost outcomes.
#include <gtest/gtest.h>

#include "digest/digest.hpp"
#include "object/remote_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/object/scripted_client.hpp"
#include "tests/unit/object/store_fixture.hpp"

namespace gantry::object {
namespace {

Canned error_answer(int status, std::string code, std::string more = {}, std::vector<http::Header> headers = {}) {
  return {status, std::move(headers), "<Error><Code>" + code + "</Code><Message>m</Message>" + more + "</Error>"};
}

Error lost() { return {Errc::unavailable, "http", "connection reset", ""}; }

class Scripted : public testing::Test {
 protected:
  RemoteStore& open(Location location, std::string token = {}) {
    StoreOptions options{.name = "main",
                         .location = std::move(location),
                         .credentials = {"AK", Secret("secret"), Secret(std::move(token))},
                         .retry = quick_retries()};
    auto factory = [this](const http::Origin& origin) -> Result<std::unique_ptr<http::Client>> {
      return std::make_unique<ScriptedClient>(origin, script_);
    };
    auto made = RemoteStore::create(options, shared_, factory);
    if (!made) throw std::runtime_error(made.error().text());
    store_ = std::move(*made);
    return *store_;
  }
  RemoteStore& s3() { return open({.dialect = DialectKind::s3, .bucket = "b", .region = "us-east-1"}); }
  RemoteStore& cos() { return open({.dialect = DialectKind::cos, .bucket = "b-1", .region = "ap-guangzhou"}); }

  void answer(Canned canned) { script_->answers.push_back(std::move(canned)); }
  const std::vector<Script::Seen>& requests() const { return script_->requests; }
  template <class T>
  T run(Task<T> task) {
    return test::run_task(io_, std::move(task));
  }
  Result<std::string> read(RemoteStore& store, GetOptions options) {
    auto work = [&]() -> Task<Result<std::string>> {
      auto body = co_await store.get("k", options);
      if (!body) co_return fail(std::move(body.error()));
      std::string out;
      std::vector<std::byte> buffer(4);
      for (;;) {
        auto got = co_await (*body)->read(buffer);
        if (!got) co_return fail(std::move(got.error()));
        if (*got == 0) co_return out;
        out += as_text(ByteView(buffer).first(*got));
      }
    };
    return run(work());
  }

  asio::io_context io_;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::shared_ptr<SharedStoreState> shared_ = std::make_shared<SharedStoreState>();
  std::unique_ptr<RemoteStore> store_;
};

const std::vector<PartInfo> two_parts{{1, 3, "900150983cd24fb0d6963f7d28e17f72", {}},
                                      {2, 3, "4ed9407630eb1000c0f6b63842defa7d", {}}};
// MD5 of the two binary MD5s of "abc" and "def".
std::string two_parts_etag() {
  std::string all = digest::hash(digest::Algorithm::md5, as_byte_view("abc")) +
                    digest::hash(digest::Algorithm::md5, as_byte_view("def"));
  return to_hex(digest::hash(digest::Algorithm::md5, as_byte_view(all))) + "-2";
}

TEST_F(Scripted, s3_moves_to_the_region_the_error_names) {
  RemoteStore& store = s3();
  answer(error_answer(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  answer({200, {{"ETag", "\"e\""}}, ""});
  answer({200, {{"ETag", "\"e\""}}, ""});
  EXPECT_TRUE(run(store.put("k", {as_byte_view("x")}, {}, {})));
  ASSERT_EQ(requests().size(), 2U);
  EXPECT_EQ(requests()[0].authority, "b.s3.us-east-1.amazonaws.com");
  EXPECT_EQ(requests()[1].authority, "b.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(requests()[1].header("Host"), "b.s3.eu-west-1.amazonaws.com");
  EXPECT_TRUE(requests()[1].header("Authorization").contains("/eu-west-1/s3/aws4_request"));
  EXPECT_TRUE(run(store.put("k", {as_byte_view("x")}, {}, {})));
  EXPECT_EQ(requests()[2].authority, "b.s3.eu-west-1.amazonaws.com");
  // Another lane learns it before its first request.
  RemoteStore& other = s3();
  answer({200, {{"ETag", "\"e\""}}, ""});
  EXPECT_TRUE(run(other.put("k", {as_byte_view("x")}, {}, {})));
  EXPECT_EQ(requests()[3].authority, "b.s3.eu-west-1.amazonaws.com");
}

TEST_F(Scripted, s3_head_learns_the_region_from_a_header) {
  RemoteStore& store = s3();
  answer({301, {{"x-amz-bucket-region", "eu-west-1"}}, ""});
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "7"}}, ""});
  auto info = run(store.head("k"));
  ASSERT_TRUE(info) << info.error().text();
  EXPECT_EQ(info->size, 7U);
  EXPECT_EQ(requests()[1].authority, "b.s3.eu-west-1.amazonaws.com");
}

TEST_F(Scripted, redirects_in_circles_end) {
  RemoteStore& store = s3();
  answer({301, {{"x-amz-bucket-region", "eu-west-1"}}, ""});
  answer({301, {{"x-amz-bucket-region", "us-east-1"}}, ""});
  auto info = run(store.head("k"));
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code, Errc::unavailable);
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(Scripted, a_region_is_no_host_name) {
  RemoteStore& store = s3();
  answer(error_answer(400, "AuthorizationHeaderMalformed", "<Region>x.example.com/</Region>"));
  EXPECT_FALSE(run(store.put("k", {as_byte_view("x")}, {}, {})));
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(Scripted, skewed_clock_is_corrected_once) {
  RemoteStore& store = s3();
  answer(error_answer(403, "RequestTimeTooSkewed", "", {{"Date", "Tue, 14 Nov 2033 22:13:20 GMT"}}));
  answer({200, {{"ETag", "\"e\""}}, ""});
  EXPECT_TRUE(run(store.put("k", {as_byte_view("x")}, {}, {})));
  EXPECT_TRUE(requests()[1].header("x-amz-date").starts_with("20331114T2213"));
  answer(error_answer(403, "RequestTimeTooSkewed", "", {{"Date", "Tue, 14 Nov 2043 22:13:20 GMT"}}));
  answer(error_answer(403, "RequestTimeTooSkewed", "", {{"Date", "Tue, 14 Nov 2053 22:13:20 GMT"}}));
  EXPECT_FALSE(run(store.put("k", {as_byte_view("x")}, {}, {})));
  EXPECT_EQ(requests().size(), 4U);
}

TEST_F(Scripted, cos_expired_request_and_nameless_403_mean_the_clock) {
  RemoteStore& store = cos();
  answer({403,
          {{"Date", "Tue, 14 Nov 2033 22:13:20 GMT"}},
          "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"});
  answer({200, {{"ETag", "\"e\""}}, ""});
  EXPECT_TRUE(run(store.put("k", {as_byte_view("x")}, {}, {})));
  EXPECT_TRUE(requests()[1].header("Authorization").contains("q-sign-time=20156"));
  answer({403, {{"Date", "Tue, 14 Nov 2043 22:13:20 GMT"}}, ""});
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "1"}}, ""});
  EXPECT_TRUE(run(store.head("k")));
}

TEST_F(Scripted, a_plain_403_to_head_stays_denied) {
  RemoteStore& store = s3();
  answer({403, {}, ""});
  EXPECT_EQ(run(store.head("k")).error().code, Errc::denied);
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(Scripted, token_is_sent_and_signed) {
  RemoteStore& store = open({.dialect = DialectKind::s3, .bucket = "b", .region = "r"}, "tok");
  answer({204, {}, ""});
  EXPECT_TRUE(run(store.remove("a b")));
  EXPECT_EQ(requests()[0].target, "/a%20b");
  EXPECT_EQ(requests()[0].header("x-amz-security-token"), "tok");
  EXPECT_TRUE(requests()[0].header("Authorization").contains("x-amz-security-token"));
}

TEST_F(Scripted, bodies_are_left_unsigned_and_documents_signed) {
  RemoteStore& store = s3();
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}}, ""});
  EXPECT_TRUE(run(store.put("k", {as_byte_view("ab"), as_byte_view("c")}, Bench::integrity_of("abc"), {})));
  EXPECT_EQ(requests()[0].body, "abc");
  EXPECT_EQ(requests()[0].header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(requests()[0].header("Content-MD5"), "kAFQmDzST7DWlj99KOF/cg==");
  answer({200, {}, "<DeleteResult/>"});
  EXPECT_TRUE(run(store.remove_many({"k"})));
  EXPECT_EQ(requests()[1].target, "/?delete");
  EXPECT_EQ(requests()[1].header("x-amz-content-sha256"),
            to_hex(digest::hash(digest::Algorithm::sha256, as_byte_view(requests()[1].body))));
  EXPECT_FALSE(requests()[1].header("Content-MD5").empty());
}

TEST_F(Scripted, another_md5_is_corruption_and_does_not_stay) {
  RemoteStore& store = s3();
  for (int i = 0; i < 2; ++i) answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f73\""}}, ""});
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f73\""}, {"Content-Length", "3"}}, ""});
  answer({204, {}, ""});
  auto put = run(store.put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), {}));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Errc::corrupt);
  ASSERT_EQ(requests().size(), 4U);
  EXPECT_EQ(requests()[2].method, "HEAD");
  EXPECT_EQ(requests()[3].method, "DELETE");
}

TEST_F(Scripted, another_md5_of_another_size_is_left_to_its_owner) {
  RemoteStore& store = s3();
  for (int i = 0; i < 2; ++i) answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f73\""}}, ""});
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f74\""}, {"Content-Length", "9"}}, ""});
  auto put = run(store.put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), {}));
  ASSERT_FALSE(put);
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(Scripted, an_opaque_etag_is_no_corruption) {
  RemoteStore& store = s3();
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f73\""}, {"x-amz-server-side-encryption", "aws:kms"}}, ""});
  EXPECT_TRUE(run(store.put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), {})));
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f73-1\""}}, ""});
  EXPECT_TRUE(run(store.put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), {})));
}

TEST_F(Scripted, cos_crc64_is_compared) {
  RemoteStore& store = cos();
  auto crc = std::to_string(digest::crc64(as_byte_view("abc")));
  answer({200, {{"ETag", "\"x\""}, {"x-cos-hash-crc64ecma", crc}}, ""});
  auto put = run(store.put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), {}));
  ASSERT_TRUE(put);
  EXPECT_EQ(put->crc64, digest::crc64(as_byte_view("abc")));
  for (int i = 0; i < 2; ++i) answer({200, {{"ETag", "\"x\""}, {"x-cos-hash-crc64ecma", "1"}}, ""});
  EXPECT_EQ(run(store.put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), {})).error().code, Errc::corrupt);
}

TEST_F(Scripted, create_only_retry_recognises_its_own_object) {
  RemoteStore& store = s3();
  answer({.instead = lost()});
  answer(error_answer(412, "PreconditionFailed"));
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}, {"Content-Length", "3"}}, ""});
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}, {"Content-Length", "3"}}, ""});
  EXPECT_EQ(requests().size(), 0U);
  auto put = run(store.put("k", {as_byte_view("abc")}, {}, {.create_only = true}));
  ASSERT_TRUE(put) << put.error().text();
  EXPECT_EQ(requests()[0].header("If-None-Match"), "*");
  // Somebody else's object of the same size is not ours.
  script_->answers.clear();
  answer({.instead = lost()});
  answer(error_answer(412, "PreconditionFailed"));
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f70\""}, {"Content-Length", "3"}}, ""});
  EXPECT_EQ(run(store.put("k", {as_byte_view("abc")}, {}, {.create_only = true})).error().code, Errc::already_exists);
}

TEST_F(Scripted, create_only_put_that_ends_badly_after_a_lost_answer_is_looked_up) {
  RemoteStore& store = s3();
  answer({.instead = lost()});
  answer(error_answer(403, "AccessDenied"));
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}, {"Content-Length", "3"}}, ""});
  auto put = run(store.put("k", {as_byte_view("abc")}, {}, {.create_only = true}));
  ASSERT_TRUE(put) << put.error().text();
  script_->answers.clear();
  answer({.instead = lost()});
  answer(error_answer(403, "AccessDenied"));
  answer({404, {}, ""});
  EXPECT_EQ(run(store.put("k", {as_byte_view("abc")}, {}, {.create_only = true})).error().code, Errc::denied);
}

TEST_F(Scripted, cos_create_only_and_copy_have_their_own_words) {
  RemoteStore& store = cos();
  answer(error_answer(409, "FileAlreadyExists"));
  EXPECT_EQ(run(store.put("k", {}, {}, {.create_only = true})).error().code, Errc::already_exists);
  EXPECT_EQ(requests()[0].header("x-cos-forbid-overwrite"), "true");
  answer({200, {}, "<CopyObjectResult><ETag>\"e\"</ETag><CRC64>5</CRC64></CopyObjectResult>"});
  auto copied = run(store.copy({.from = "a b", .to = "c", .if_match = "e1", .replace = PutOptions{}}));
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->crc64, 5U);
  EXPECT_EQ(requests()[1].header("x-cos-copy-source"), "b-1.cos.ap-guangzhou.myqcloud.com/a%20b");
  EXPECT_EQ(requests()[1].header("x-cos-metadata-directive"), "Replaced");
  EXPECT_EQ(requests()[1].header("x-cos-copy-source-if-match"), "\"e1\"");
}

TEST_F(Scripted, create_only_copy_says_so_and_recognises_its_own_object) {
  const Canned same{200, {{"ETag", "\"e1\""}, {"Content-Length", "3"}}, ""};
  const CopyRequest request{.from = "a", .to = "c", .if_match = "e1", .create_only = true};
  RemoteStore& store = cos();
  answer(error_answer(409, "FileAlreadyExists"));
  answer(same);
  EXPECT_EQ(run(store.copy(request)).error().code, Errc::already_exists);
  EXPECT_EQ(requests()[0].header("x-cos-forbid-overwrite"), "true");
  // The first try was done although its answer was lost.
  script_->answers.clear();
  answer({.instead = lost()});
  answer(error_answer(409, "FileAlreadyExists"));
  answer(same);
  answer(same);
  auto copied = run(store.copy(request));
  ASSERT_TRUE(copied) << copied.error().text();
  EXPECT_EQ(copied->etag, "e1");
}

TEST_F(Scripted, create_only_copy_tells_a_changed_source_from_a_taken_name) {
  RemoteStore& store = s3();
  answer(error_answer(412, "PreconditionFailed"));
  answer({404, {}, ""});
  const CopyRequest request{.from = "a", .to = "c", .if_match = "e1", .create_only = true};
  EXPECT_EQ(run(store.copy(request)).error().code, Errc::conflict);
  EXPECT_EQ(requests()[0].header("If-None-Match"), "*");
}

TEST_F(Scripted, copy_reads_the_error_inside_a_200) {
  RemoteStore& store = s3();
  answer(error_answer(200, "InternalError"));
  answer({200, {}, "  \n \n"});
  answer({200, {}, "\n\n<?xml version=\"1.0\"?><CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"});
  auto copied = run(store.copy({.from = "a", .to = "b"}));
  ASSERT_TRUE(copied) << copied.error().text();
  EXPECT_EQ(requests().size(), 3U);
  EXPECT_EQ(requests()[0].header("x-amz-copy-source"), "/b/a");
  answer(error_answer(200, "NoSuchKey"));
  EXPECT_EQ(run(store.copy({.from = "a", .to = "b"})).error().code, Errc::not_found);
}

TEST_F(Scripted, complete_is_repeated_and_then_asked_for) {
  RemoteStore& store = s3();
  answer({.instead = lost()});
  answer(error_answer(404, "NoSuchUpload"));
  answer({200, {{"ETag", "\"" + two_parts_etag() + "\""}, {"Content-Length", "6"}}, ""});
  auto done = run(store.finish_parts("k", "u", two_parts, false));
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_EQ(done->etag, two_parts_etag());
  EXPECT_EQ(requests()[2].method, "HEAD");
}

TEST_F(Scripted, complete_with_another_object_there_stays_uncertain) {
  RemoteStore& store = s3();
  answer({.instead = lost()});
  answer(error_answer(404, "NoSuchUpload"));
  answer({200, {{"ETag", "\"ffffffffffffffffffffffffffffffff-2\""}, {"Content-Length", "6"}}, ""});
  auto done = run(store.finish_parts("k", "u", two_parts, false));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::unavailable);
  EXPECT_TRUE(done.error().detail.starts_with("uncertain")) << done.error().detail;
  for (const auto& request : requests()) EXPECT_NE(request.method, "DELETE");
}

TEST_F(Scripted, complete_refused_at_once_is_no_uncertainty) {
  RemoteStore& store = s3();
  answer(error_answer(404, "NoSuchUpload"));
  EXPECT_EQ(run(store.finish_parts("k", "u", two_parts, false)).error().code, Errc::not_found);
  EXPECT_EQ(requests().size(), 1U);
}

TEST_F(Scripted, cos_complete_compares_the_crc_of_the_whole) {
  RemoteStore& store = cos();
  std::vector<PartInfo> parts{{1, 3, "a", digest::crc64(as_byte_view("abc"))},
                              {2, 3, "b", digest::crc64(as_byte_view("def"))}};
  auto right = std::to_string(digest::crc64(as_byte_view("abcdef")));
  std::string document = "<CompleteMultipartUploadResult><ETag>\"x-2\"</ETag></CompleteMultipartUploadResult>";
  answer({200, {{"x-cos-hash-crc64ecma", right}}, document});
  EXPECT_TRUE(run(store.finish_parts("k", "u", parts, false)));
  answer({200, {{"x-cos-hash-crc64ecma", "7"}}, document});
  EXPECT_EQ(run(store.finish_parts("k", "u", parts, false)).error().code, Errc::corrupt);
  // Lost answers, and HEAD shows the combined checksum.
  for (int i = 0; i < 6; ++i) answer({.instead = lost()});
  answer({200, {{"ETag", "\"x-2\""}, {"Content-Length", "6"}, {"x-cos-hash-crc64ecma", right}}, ""});
  EXPECT_TRUE(run(store.finish_parts("k", "u", parts, false)));
}

TEST_F(Scripted, get_goes_on_after_a_broken_connection) {
  RemoteStore& store = s3();
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "10"}}, "0123456789", 6});
  answer({206, {{"ETag", "\"e\""}, {"Content-Length", "4"}, {"Content-Range", "bytes 6-9/10"}}, "6789"});
  EXPECT_EQ(read(store, {}).value(), "0123456789");
  EXPECT_EQ(requests()[0].header("Range"), "");
  EXPECT_EQ(requests()[0].header("Accept-Encoding"), "identity");
  EXPECT_EQ(requests()[1].header("Range"), "bytes=6-9");
  EXPECT_EQ(requests()[1].header("If-Match"), "\"e\"");
}

TEST_F(Scripted, get_refuses_a_mixture) {
  RemoteStore& store = s3();
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "10"}}, "0123456789", 6});
  answer(error_answer(412, "PreconditionFailed"));
  EXPECT_EQ(read(store, {}).error().code, Errc::conflict);
  // A store that ignores If-Match shows another ETag.
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "10"}}, "0123456789", 6});
  answer({206, {{"ETag", "\"f\""}, {"Content-Range", "bytes 6-9/10"}}, "abcd"});
  EXPECT_EQ(read(store, {}).error().code, Errc::conflict);
}

TEST_F(Scripted, get_gives_up_on_a_connection_that_always_breaks) {
  RemoteStore& store = s3();
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "10"}}, "0123456789", 0});
  for (int i = 0; i < 10; ++i) answer({206, {{"ETag", "\"e\""}, {"Content-Range", "bytes 0-9/10"}}, "0123456789", 0});
  EXPECT_EQ(read(store, {}).error().code, Errc::unavailable);
  EXPECT_EQ(requests().size(), 4U);
}

TEST_F(Scripted, get_from_a_server_that_ignores_ranges) {
  RemoteStore& store = s3();
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "10"}}, "0123456789"});
  EXPECT_EQ(read(store, {.range = {3, 5}}).value(), "34567");
  answer({200, {{"ETag", "\"e\""}, {"Content-Length", "10"}}, "0123456789"});
  EXPECT_EQ(read(store, {.range = {10}}).error().code, Errc::bad_offset);
}

TEST_F(Scripted, get_checks_the_range_that_came) {
  RemoteStore& store = s3();
  for (int i = 0; i < 6; ++i) answer({206, {{"ETag", "\"e\""}, {"Content-Range", "bytes 0-4/10"}}, "01234"});
  EXPECT_EQ(read(store, {.range = {3, 5}}).error().code, Errc::unavailable);
}

TEST_F(Scripted, listings_carry_their_cursor) {
  RemoteStore& store = s3();
  answer({200,
          {},
          "<ListBucketResult><IsTruncated>true</IsTruncated>"
          "<NextContinuationToken>t/+=</NextContinuationToken></ListBucketResult>"});
  auto page = run(store.list({.prefix = "p/", .delimiter = "/", .start_after = "p/a b", .max = 7}));
  ASSERT_TRUE(page);
  EXPECT_EQ(requests()[0].target,
            "/?list-type=2&encoding-type=url&max-keys=7&prefix=p%2F&delimiter=%2F&start-after=p%2Fa%20b");
  answer({200, {}, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"});
  ASSERT_TRUE(
      run(store.list({.prefix = "p/", .delimiter = "/", .start_after = "p/a b", .cursor = page->cursor, .max = 7})));
  EXPECT_TRUE(requests()[1].target.ends_with("&continuation-token=t%2F%2B%3D")) << requests()[1].target;
}

TEST_F(Scripted, cos_listings_go_on_from_the_marker_or_the_last_name) {
  RemoteStore& store = cos();
  answer({200,
          {},
          "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
          "<NextMarker>a%20b</NextMarker></ListBucketResult>"});
  EXPECT_EQ(run(store.list({})).value().cursor, "a b");
  EXPECT_EQ(requests()[0].target, "/?encoding-type=url&max-keys=1000");
  answer({200,
          {},
          "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents>"
          "<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>"});
  EXPECT_EQ(run(store.list({.cursor = "0"})).value().cursor, "b/");
  EXPECT_TRUE(requests()[1].target.ends_with("&marker=0"));
  for (int i = 0; i < 6; ++i)
    answer({200, {}, "<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>m</NextMarker></ListBucketResult>"});
  EXPECT_EQ(run(store.list({.cursor = "m"})).error().code, Errc::unavailable) << "a listing that does not advance";
}

TEST_F(Scripted, a_cursor_is_told_before_the_names_are_read) {
  std::vector<std::string> told;
  auto page_with = [&](std::string markers, std::string size) {
    answer({200,
            {},
            "<ListBucketResult><IsTruncated>true</IsTruncated>" + markers + "<Contents><Key>k</Key><Size>" + size +
                "</Size></Contents></ListBucketResult>"});
  };
  auto list = [&](RemoteStore& store) {
    told.clear();
    ListRequest request;
    request.on_cursor = [&](std::string cursor) { told.push_back(std::move(cursor)); };
    return run(store.list(std::move(request)));
  };
  using Told = std::vector<std::string>;
  const std::string token = "<NextContinuationToken>t</NextContinuationToken>";
  page_with(token, "1");
  EXPECT_EQ(list(s3()).value().cursor, "token:t");
  EXPECT_EQ(told, Told{"token:t"});
  page_with("", "1");
  EXPECT_EQ(list(s3()).value().cursor, "after:k");
  EXPECT_EQ(told, Told{}) << "the last name is read with the others";
  page_with("<NextMarker>m</NextMarker>", "1");
  EXPECT_EQ(list(cos()).value().cursor, "m");
  EXPECT_EQ(told, Told{"m"});
  page_with("", "1");
  EXPECT_EQ(list(cos()).value().cursor, "k");
  EXPECT_EQ(told, Told{});
  page_with(token, "nonsense");
  answer({200, {}, "<ListBucketResult/>"});
  EXPECT_EQ(list(s3()).value().cursor, "") << "the page was asked for again";
  EXPECT_EQ(told, Told{"token:t"});
}

TEST_F(Scripted, long_lists_of_parts_are_read_to_the_end) {
  RemoteStore& store = cos();
  answer({200,
          {},
          "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"
          "<Part><PartNumber>1</PartNumber><Size>1</Size><ETag>a</ETag></Part></ListPartsResult>"});
  answer({200,
          {},
          "<ListPartsResult><IsTruncated>false</IsTruncated>"
          "<Part><PartNumber>2</PartNumber><Size>1</Size><ETag>b</ETag></Part></ListPartsResult>"});
  EXPECT_EQ(run(store.list_parts("k", "u")).value().size(), 2U);
  EXPECT_TRUE(requests()[1].target.ends_with("&part-number-marker=1"));
  answer({200,
          {},
          "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
          "<NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>"});
  answer({200,
          {},
          "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
          "<Upload><Key>k</Key><UploadId>u2</UploadId></Upload></ListMultipartUploadsResult>"});
  EXPECT_EQ(run(store.list_uploads("")).value().size(), 1U);
  EXPECT_TRUE(requests()[3].target.ends_with("&key-marker=k&upload-id-marker=u"));
}

TEST_F(Scripted, remove_many_reports_and_repeats) {
  RemoteStore& store = s3();
  answer({200,
          {},
          "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error>"
          "<Error><Key>b</Key><Code>InternalError</Code></Error></DeleteResult>"});
  answer({204, {}, ""});
  answer({204, {}, ""});
  auto failures = run(store.remove_many({"a", "b", "c\x01"}));
  ASSERT_TRUE(failures);
  ASSERT_EQ(failures->size(), 1U);
  EXPECT_EQ(failures->at(0).key, "a");
  EXPECT_EQ(failures->at(0).error.code, Errc::denied);
  EXPECT_FALSE(requests()[0].body.contains('\x01'));
  EXPECT_EQ(requests().size(), 3U);
}

TEST_F(Scripted, per_cent_in_a_source_name_is_copied_by_hand_on_own_endpoints) {
  RemoteStore& own = open({.dialect = DialectKind::s3, .bucket = "b", .endpoint = "http://store.example.com"});
  answer({206, {{"ETag", "\"e\""}, {"Content-Range", "bytes 0-2/9"}}, "abc"});
  answer({200, {{"ETag", "\"900150983cd24fb0d6963f7d28e17f72\""}}, ""});
  auto part = run(own.copy_part({"to", "u", 1}, "50%", {0, 3}, "e"));
  ASSERT_TRUE(part) << part.error().text();
  EXPECT_EQ(part->size, 3U);
  EXPECT_EQ(requests()[1].body, "abc");
  EXPECT_EQ(requests()[1].target, "/to?partNumber=1&uploadId=u");
  RemoteStore& vendor = s3();
  answer({200, {}, "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>"});
  ASSERT_TRUE(run(vendor.copy_part({"to", "u", 1}, "50%", {0, 3}, "e")));
  EXPECT_EQ(requests()[2].header("x-amz-copy-source"), "/b/50%25");
  EXPECT_EQ(requests()[2].header("x-amz-copy-source-range"), "bytes=0-2");
}

TEST_F(Scripted, copies_from_another_bucket_name_it) {
  const std::string other =
      open({.dialect = DialectKind::s3, .bucket = "other", .endpoint = "http://store.example.com"}).origin();
  EXPECT_EQ(other, "/other");
  RemoteStore& store = open({.dialect = DialectKind::s3, .bucket = "b", .endpoint = "http://store.example.com"});
  answer({200, {}, "<CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>"});
  ASSERT_TRUE(run(store.copy({.from = "a b", .to = "c", .origin = other})));
  EXPECT_EQ(requests()[0].header("x-amz-copy-source"), "/other/a%20b");
  answer({200, {}, "<CopyPartResult><ETag>\"e\"</ETag></CopyPartResult>"});
  ASSERT_TRUE(run(store.copy_part({"to", "u", 1, other}, "a", {0, 3}, "e")));
  EXPECT_EQ(requests()[1].header("x-amz-copy-source"), "/other/a");
  // What would have to be read here lies elsewhere.
  EXPECT_EQ(run(store.copy_part({"to", "u", 1, other}, "50%", {0, 3}, "e")).error().code, Errc::unsupported);
  EXPECT_EQ(run(store.copy_part({"to", "u", 1, other}, "a", {}, "e")).error().code, Errc::invalid);
  EXPECT_EQ(requests().size(), 2U);
}

TEST_F(Scripted, bad_names_never_leave) {
  RemoteStore& store = cos();
  for (const std::string& key : {std::string(), std::string("/a"), std::string("a\x01"), std::string(851, 'k')})
    EXPECT_EQ(run(store.head(key)).error().code, Errc::bad_name);
  EXPECT_TRUE(requests().empty());
}

}  // namespace
}  // namespace gantry::object
