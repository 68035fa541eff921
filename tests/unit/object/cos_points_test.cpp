// What bites a client that treats COS like S3, point by point. Points that are shown elsewhere as well: signatures
// (signer_test), hosts (dialect_test), documents (xml_test), refusals (error_map_test), pace (bucket_gate_test).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "async/child.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "object/remote_store.hpp"
#include "object/xml.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/unit/object/scripted_client.hpp"
#include "tests/unit/object/store_fixture.hpp"

namespace gantry::object {
namespace {

using test::FakeDialect;
using test::FakeStore;
using test::FakeStoreOptions;
using test::FaultAction;

/// Names that S3 habits break: blanks, plus signs, escapes, other scripts in both normal forms.
const std::vector<std::string> awkward{"a b",          "a+b",        "a%20b",       "a%2Bb",    "腾讯云/文件 (1).txt",
                                       "한국어.txt",   "\u00e9.txt", "e\u0301.txt", "&<>'\".x", "a//b",
                                       "~*!'();:@=$,", "?#"};

FakeStoreOptions fake_options() {
  FakeStoreOptions options;
  options.dialect = FakeDialect::cos;
  options.region = "ap-guangzhou";
  return options;
}

class CosPoint : public testing::Test {
 protected:
  StoreOptions store_options() const {
    const FakeStoreOptions& fake = fake_.options();
    return {.name = "main",
            .location = {.dialect = DialectKind::cos,
                         .bucket = fake.bucket,
                         .region = fake.region,
                         .endpoint = fake_.endpoint()},
            .credentials = {fake.access_key, Secret(fake.secret_key), Secret()},
            .retry = quick_retries()};
  }
  std::vector<std::string> names(ListRequest request, std::size_t* pages = nullptr) {
    std::vector<std::string> out;
    do {
      auto page = bench_.run(bench_->list(request));
      EXPECT_TRUE(page) << (page ? "" : page.error().text());
      if (!page) return out;
      for (const ObjectInfo& info : page->objects) out.push_back(info.key);
      for (const std::string& prefix : page->prefixes) out.push_back(prefix);
      request.cursor = page->cursor;
      if (pages != nullptr) ++*pages;
    } while (!request.cursor.empty());
    std::ranges::sort(out);
    return out;
  }

  FakeStore fake_{fake_options()};
  Bench bench_{store_options()};
};

/// Answers written by hand, for what the fake store does not do.
class CosAnswer : public testing::Test {
 protected:
  CosAnswer() {
    StoreOptions options{.name = "main",
                         .location = {.dialect = DialectKind::cos, .bucket = "b-1", .region = "ap-guangzhou"},
                         .credentials = {"AK", Secret("secret"), Secret("token")},
                         .retry = quick_retries()};
    auto factory = [this](const http::Origin& origin) -> Result<std::unique_ptr<http::Client>> {
      return std::make_unique<ScriptedClient>(origin, script_);
    };
    store_ = std::move(*RemoteStore::create(options, shared_, factory));
  }
  void answer(Canned canned) { script_->answers.push_back(std::move(canned)); }
  void refuse(int status, const std::string& code) {
    answer({status, {}, "<Error><Code>" + code + "</Code><Message>m</Message></Error>"});
  }
  const Script::Seen& request(std::size_t n) const { return script_->requests.at(n); }
  template <class T>
  T run(Task<T> task) {
    return test::run_task(io_, std::move(task));
  }
  Result<PutResult> put(PutOptions options = {}) {
    return run(store_->put("k", {as_byte_view("abc")}, Bench::integrity_of("abc"), std::move(options)));
  }

  asio::io_context io_;
  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::shared_ptr<SharedStoreState> shared_ = std::make_shared<SharedStoreState>();
  std::unique_ptr<RemoteStore> store_;
};

TEST_F(CosPoint, p01_copy_source_is_host_and_key) {
  for (const std::string& name : awkward) {
    ASSERT_TRUE(bench_.put("from/" + name, name));
    auto copied = bench_.run(bench_->copy({.from = "from/" + name, .to = "to/" + name}));
    ASSERT_TRUE(copied) << name << ": " << copied.error().text();
    EXPECT_EQ(fake_.objects().at("to/" + name).content, name);
  }
  EXPECT_EQ(fake_.requests().back().headers.at("x-cos-copy-source").find("examplebucket-1250000000.cos."), 0U);
}

TEST_F(CosPoint, p02_directives_have_their_own_words) {
  ASSERT_TRUE(bench_.put("k", "abc", {.metadata = {{"mtime", "1"}}}));
  ASSERT_TRUE(bench_.run(bench_->copy({.from = "k", .to = "k2"})));
  EXPECT_EQ(fake_.requests().back().headers.at("x-cos-metadata-directive"), "Copy");
  ASSERT_TRUE(bench_.run(bench_->copy({.from = "k", .to = "k", .replace = PutOptions{.metadata = {{"mtime", "2"}}}})));
  EXPECT_EQ(fake_.requests().back().headers.at("x-cos-metadata-directive"), "Replaced");
  EXPECT_EQ(fake_.objects().at("k").metadata.at("mtime"), "2");
}

TEST_F(CosPoint, p03_and_p04_the_raw_key_is_signed_whatever_its_bytes) {
  for (const std::string& name : awkward) {
    ASSERT_TRUE(bench_.put(name, name)) << name;
    EXPECT_EQ(bench_.get(name).value_or("refused"), name);
    EXPECT_EQ(bench_.run(bench_->head(name)).value_or(ObjectInfo{}).size, name.size());
    EXPECT_TRUE(bench_.run(bench_->remove(name))) << name;
  }
  EXPECT_TRUE(fake_.objects().empty());
}

TEST_F(CosAnswer, p05_every_try_opens_its_own_window_and_sends_no_date) {
  refuse(503, "SlowDown");
  answer({204, {}, ""});
  auto window = [this](std::size_t n) {
    const std::string text = request(n).header("Authorization");
    return parse_number(text.substr(text.find("q-sign-time=") + 12, 10)).value_or(0);
  };
  shared_->set_server_time(WallTime(Seconds(1'700'000'000)));
  ASSERT_TRUE(run(store_->remove("a")));
  EXPECT_NEAR(static_cast<double>(window(0)), 1'699'999'940, 5);
  EXPECT_NEAR(static_cast<double>(window(1)), 1'699'999'940, 5);
  EXPECT_EQ(request(0).header("Date"), "");
}

TEST_F(CosAnswer, p06_parameter_names_are_lower_case_in_the_signature_only) {
  answer({200, {{"ETag", "\"x\""}}, ""});
  ASSERT_TRUE(run(store_->put_part({"k", "u/1", 7}, {as_byte_view("abc")}, {})));
  EXPECT_EQ(request(0).target, "/k?partNumber=7&uploadId=u%2F1");
  EXPECT_TRUE(request(0).header("Authorization").contains("&q-url-param-list=partnumber;uploadid&"));
}

TEST_F(CosPoint, p08_pages_by_marker_with_version_1) {
  for (int i = 0; i < 25; ++i) fake_.put_object("d/" + std::to_string(i / 5) + "/" + std::to_string(i), "x");
  for (int i = 0; i < 5; ++i) fake_.put_object("d/f" + std::to_string(i), "x");
  std::size_t pages = 0;
  EXPECT_EQ(names({.prefix = "d/", .delimiter = "/", .max = 3}, &pages),
            (std::vector<std::string>{"d/0/", "d/1/", "d/2/", "d/3/", "d/4/", "d/f0", "d/f1", "d/f2", "d/f3", "d/f4"}));
  EXPECT_GE(pages, 4U);
  EXPECT_EQ(names({.prefix = "d/", .max = 4}).size(), 30U);
  EXPECT_EQ(fake_.count("ListObjectsV2"), 0U);
  for (const auto& request : fake_.requests()) EXPECT_TRUE(request.target.contains("encoding-type=url"));
}

TEST_F(CosPoint, p09_plus_and_escapes_in_listings_are_literal) {
  for (const std::string& name : awkward) fake_.put_object("l/" + name, "x");
  std::vector<std::string> expected;
  for (const std::string& name : awkward) expected.push_back("l/" + name);
  std::ranges::sort(expected);
  EXPECT_EQ(names({.prefix = "l/", .max = 2}), expected) << "the marker of the next page is decoded likewise";
}

TEST_F(CosPoint, p11_parts_of_one_mebibyte) {
  EXPECT_EQ(bench_->limits().min_part, mib);
  auto id = bench_.run(bench_->start_parts("k", {}));
  ASSERT_TRUE(id);
  std::vector<PartInfo> parts;
  for (std::uint32_t n = 1; n <= 3; ++n) {
    auto part = bench_.put_part("k", *id, n, n < 3 ? pattern(mib, n) : "end");
    ASSERT_TRUE(part);
    parts.push_back(*part);
  }
  ASSERT_TRUE(bench_.run(bench_->finish_parts("k", *id, parts, false)));
  EXPECT_EQ(fake_.objects().at("k").content, pattern(mib, 1) + pattern(mib, 2) + "end");
}

TEST_F(CosPoint, p12_forbid_overwrite_for_put_copy_and_join) {
  ASSERT_TRUE(bench_.put("k", "old"));
  EXPECT_EQ(bench_.put("k", "new", {.create_only = true}).error().code, Errc::already_exists);
  EXPECT_EQ(fake_.requests().back().status, 409);
  ASSERT_TRUE(bench_.put("other", "new"));
  auto copied = bench_.run(bench_->copy({.from = "other", .to = "k", .replace = PutOptions{.create_only = true}}));
  EXPECT_EQ(copied.error().code, Errc::already_exists);
  auto id = bench_.run(bench_->start_parts("k", {}));
  ASSERT_TRUE(id);
  auto part = bench_.put_part("k", *id, 1, "joined");
  ASSERT_TRUE(part);
  EXPECT_EQ(bench_.run(bench_->finish_parts("k", *id, {*part}, true)).error().code, Errc::already_exists);
  EXPECT_EQ(fake_.objects().at("k").content, "old");
}

TEST_F(CosAnswer, p13_names_cos_does_not_take_never_leave) {
  for (const std::string& key : {std::string("/a"), std::string("\\a"), std::string("a\x1a"), std::string("a\n"),
                                 std::string(851, 'k'), "目" + std::string(848, 'k')}) {
    EXPECT_EQ(run(store_->head(key)).error().code, Errc::bad_name);
    EXPECT_EQ(run(store_->put(key, {}, {}, {})).error().code, Errc::bad_name);
    EXPECT_EQ(run(store_->start_parts(key, {})).error().code, Errc::bad_name);
    EXPECT_EQ(run(store_->copy({.from = "k", .to = key})).error().code, Errc::bad_name);
  }
  EXPECT_TRUE(script_->requests.empty());
  answer({200, {{"ETag", "\"x\""}}, ""});
  EXPECT_TRUE(run(store_->put(std::string(850, 'k'), {}, {}, {})));
}

TEST_F(CosAnswer, p14_metadata_names_without_underscore) {
  EXPECT_EQ(put({.metadata = {{"a_b", "1"}}}).error().code, Errc::invalid);
  EXPECT_EQ(run(store_->start_parts("k", {.metadata = {{"a_b", "1"}}})).error().code, Errc::invalid);
  EXPECT_TRUE(script_->requests.empty());
  answer({200, {{"ETag", "\"x\""}}, ""});
  EXPECT_TRUE(put({.metadata = {{"a-b", " 1 "}}}));
  EXPECT_EQ(request(0).header("x-cos-meta-a-b"), "1");
}

TEST_F(CosAnswer, p15_crc64_of_objects_and_parts_is_compared) {
  const std::string right = std::to_string(digest::crc64(as_byte_view("abc")));
  for (const std::string& crc : {right, std::string("1"), std::string("1"), std::string("1"), std::string("1")})
    answer({200, {{"ETag", "\"x\""}, {"x-cos-hash-crc64ecma", crc}}, ""});
  EXPECT_EQ(put().value_or(PutResult{}).crc64, digest::crc64(as_byte_view("abc")));
  auto part = [&] { return run(store_->put_part({"k", "u", 1}, {as_byte_view("abc")}, Bench::integrity_of("abc"))); };
  EXPECT_EQ(part().error().code, Errc::corrupt);
  EXPECT_EQ(script_->requests.size(), 3U) << "damaged on the way: sent once more";
  script_->answers.clear();
  answer({200, {{"ETag", "\"x\""}, {"x-cos-hash-crc64ecma", right}}, ""});
  EXPECT_EQ(part().value_or(PartInfo{}).crc64, digest::crc64(as_byte_view("abc")));
  // Very old objects have none: nothing to compare is no failure.
  answer({200, {{"ETag", "\"x\""}}, ""});
  EXPECT_TRUE(put());
}

TEST_F(CosPoint, p15_a_copy_tells_the_checksum_of_the_source) {
  std::string content = pattern(100'000);
  ASSERT_TRUE(bench_.put("k", content));
  auto copied = bench_.run(bench_->copy({.from = "k", .to = "k2"}));
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->crc64, digest::crc64(as_byte_view(content)));
  auto id = bench_.run(bench_->start_parts("k3", {}));
  ASSERT_TRUE(id);
  auto part = bench_.run(bench_->copy_part({"k3", *id, 1}, "k", {}, "another"));
  ASSERT_FALSE(part) << "pinned to another version";
  part = bench_.run(bench_->copy_part({"k3", *id, 1}, "k", {}, ""));
  ASSERT_TRUE(part) << part.error().text();
  EXPECT_EQ(part->crc64, digest::crc64(as_byte_view(content)));
  auto joined = bench_.run(bench_->finish_parts("k3", *id, {*part}, false));
  ASSERT_TRUE(joined);
  EXPECT_EQ(joined->crc64, digest::crc64(as_byte_view(content)));
}

TEST_F(CosAnswer, p15_the_whole_is_compared_and_its_etag_is_not_recomputed) {
  const std::vector<PartInfo> parts{{1, 3, "a", digest::crc64(as_byte_view("abc"))},
                                    {2, 3, "b", digest::crc64(as_byte_view("def"))}};
  const std::string whole = std::to_string(digest::crc64(as_byte_view("abcdef")));
  const std::string document =
      "<CompleteMultipartUploadResult><ETag>\"not-an-md5-2\"</ETag></CompleteMultipartUploadResult>";
  answer({200, {{"x-cos-hash-crc64ecma", whole}}, document});
  EXPECT_TRUE(run(store_->finish_parts("k", "u", parts, false)));
  answer({200, {{"x-cos-hash-crc64ecma", "7"}}, document});
  answer({404, {}, ""});
  EXPECT_EQ(run(store_->finish_parts("k", "u", parts, false)).error().code, Errc::corrupt);
}

TEST_F(CosPoint, p16_every_body_has_a_length) {
  ASSERT_TRUE(bench_.put("k", pattern(3 * mib)));
  ASSERT_TRUE(bench_.put("empty", ""));
  auto id = bench_.run(bench_->start_parts("m", {}));
  ASSERT_TRUE(id && bench_.put_part("m", *id, 1, "abc"));
  for (const auto& request : fake_.requests()) {
    EXPECT_TRUE(request.headers.contains("content-length")) << request.target;
    EXPECT_FALSE(request.headers.contains("transfer-encoding")) << request.target;
  }
}

TEST_F(CosPoint, p17_slow_bodies_are_sent_again) {
  for (const char* code : {"UserNetworkTooSlow", "RequestTimeout"}) {
    fake_.fail({.op = "PutObject", .action = FaultAction::error, .status = 400, .code = code});
    fake_.fail({.op = "UploadPart", .action = FaultAction::early_error, .status = 400, .code = code});
    EXPECT_TRUE(bench_.put("k", "abc")) << code;
    auto id = bench_.run(bench_->start_parts("m", {}));
    ASSERT_TRUE(id);
    EXPECT_TRUE(bench_.put_part("m", *id, 1, pattern(3 * mib))) << code;
  }
  EXPECT_EQ(fake_.count("PutObject"), 4U);
  EXPECT_EQ(fake_.count("UploadPart"), 4U);
}

TEST(CosDocuments, p18_variants_of_spelling_owners_and_dates) {
  const auto listing = xml::read_listing(
      "\n\n<?xml version='1.0' encoding='utf-8' "
      "?>\n<ListBucketResult><Name>b-1</Name><Encoding-Type>url</Encoding-Type>"
      "<Prefix/><Marker/><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"
      "<Contents><Key>a%20b</Key><LastModified>2020-12-10T03:37:30.000Z</LastModified><ETag>&quot;e&quot;</ETag>"
      "<Size>5</Size><Owner><ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner>"
      "<StorageClass>Standard</StorageClass></Contents>"
      "<Contents><Key>c</Key><LastModified>Wed Jan 18 16:04:17 2017</LastModified><ETag>e</ETag><Size>6</Size>"
      "<Owner><ID>qcs::cam::uin/100000000001:uin/100000000001</ID></Owner><StorageClass>MAZ_STANDARD</StorageClass>"
      "<StorageTier>2</StorageTier><RestoreStatus>x</RestoreStatus></Contents>"
      "<Contents><Key>d</Key><LastModified>2019-05-24T11:05:09</LastModified><Size>7</Size></Contents>"
      "<Contents><Key>e</Key><LastModified>yesterday</LastModified><Size>8</Size></Contents></ListBucketResult>",
      Plus::literal);
  ASSERT_TRUE(listing);
  ASSERT_EQ(listing->page.objects.size(), 4U);
  EXPECT_EQ(listing->page.objects[0].key, "a b");
  EXPECT_EQ(listing->page.objects[0].etag, "e");
  auto seconds = [&](std::size_t n) {
    return std::chrono::floor<Seconds>(listing->page.objects[n].modified).time_since_epoch().count();
  };
  EXPECT_EQ(seconds(0), 1'607'571'450);
  EXPECT_EQ(seconds(1), 1'484'755'457);
  EXPECT_EQ(seconds(2), 1'558'695'909);
  EXPECT_EQ(seconds(3), 0) << "an unknown date is no reason to lose the name";

  const auto parts = xml::read_parts(
      "<ListPartsResult><Bucket>b-1</Bucket><Encoding-type/><Key>k</Key><UploadId>u</UploadId>"
      "<Owner><ID>1250000000</ID></Owner><Initiator><ID>qcs::cam::uin/1:uin/1</ID></Initiator>"
      "<StorageClass>Standard</StorageClass><PartNumberMarker>0</PartNumberMarker><IsTruncated>false</IsTruncated>"
      "<Part><PartNumber>1</PartNumber><LastModified>Wed Jan 18 16:17:03 2017</LastModified><ETag>\"e\"</ETag>"
      "<Size>1048576</Size></Part></ListPartsResult>");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->parts.at(0).size, mib);
  for (const char* spelling : {"EncodingType", "Encoding-Type", "Encoding-type"}) {
    const auto uploads = xml::read_uploads(
        fmt::format("<ListMultipartUploadsResult><{0}>url</{0}><IsTruncated>false</IsTruncated><Upload>"
                    "<Key>a%2Bb</Key><UploadID>u</UploadID><StorageClass>Standard</StorageClass>"
                    "<Initiated>Wed Jan 18 16:04:17 2017</Initiated></Upload></ListMultipartUploadsResult>",
                    spelling),
        Plus::literal);
    ASSERT_TRUE(uploads) << spelling;
    EXPECT_EQ(uploads->uploads.at(0).key, "a+b") << spelling;
    EXPECT_EQ(uploads->uploads.at(0).upload_id, "u");
  }
}

/// Writes objects below one directory from many coroutines at once.
class PrefixLoad {
 public:
  PrefixLoad(Bench& bench, unsigned workers, unsigned each) : bench_(bench) { bench_.run(work_all(workers, each)); }
  unsigned failed = 0;

 private:
  Task<void> one(unsigned worker, unsigned each) {
    for (unsigned i = 0; i < each; ++i) {
      auto put = co_await bench_->put("hot/" + std::to_string(worker) + "-" + std::to_string(i), {}, {}, {});
      if (!put) ++failed;
    }
  }
  Task<void> work_all(unsigned workers, unsigned each) {
    std::vector<async::Child> children;
    auto executor = co_await asio::this_coro::executor;
    for (unsigned n = 0; n < workers; ++n) children.emplace_back(executor, "writer", one(n, each));
    for (async::Child& child : children) co_await child.join();
  }
  Bench& bench_;
};

TEST(CosRate, p19_a_prefix_of_fifty_requests_a_second_is_borne) {
  FakeStoreOptions options = fake_options();
  options.prefix_rate = 50;
  FakeStore fake(options);
  testing::internal::CaptureStderr();
  Bench bench({.name = "main",
               .location = {.dialect = DialectKind::cos,
                            .bucket = options.bucket,
                            .region = options.region,
                            .endpoint = fake.endpoint()},
               .credentials = {options.access_key, Secret(options.secret_key), Secret()},
               .retry = {}});
  const auto begin = SteadyClock::now();
  const PrefixLoad load(bench, 24, 10);
  const auto took = std::chrono::duration<double>(SteadyClock::now() - begin).count();
  EXPECT_EQ(load.failed, 0U) << "a request that waits its turn does not fail";
  EXPECT_EQ(fake.objects().size(), 240U);
  const auto requests = fake.requests();
  const auto refused = std::ranges::count(requests, 503, &test::RecordedRequest::status);
  EXPECT_LT(refused, 120) << "after " << took << " s";
  EXPECT_LT(bench.shared().gate().pace(), 60);
  log::flush();
  const std::string log = testing::internal::GetCapturedStderr();
  const auto first = log.find("store asks to slow down");
  ASSERT_NE(first, std::string::npos) << log;
  EXPECT_EQ(log.find("store asks to slow down", first + 1), std::string::npos) << log;
  EXPECT_TRUE(log.contains("bucket=" + options.bucket)) << log;
}

TEST_F(CosAnswer, p19_both_words_for_too_many_requests_count) {
  answer({429, {}, ""});
  answer({200, {{"ETag", "\"x\""}}, ""});
  EXPECT_TRUE(put());
  EXPECT_LT(shared_->gate().concurrency(), BucketGate::max_concurrency);
  EXPECT_LT(shared_->gate().pace(), BucketGate::max_pace);
}

TEST_F(CosAnswer, p20_token_header_is_sent_and_signed) {
  answer({200, {{"ETag", "\"x\""}}, ""});
  ASSERT_TRUE(put());
  EXPECT_EQ(request(0).header("x-cos-security-token"), "token");
  EXPECT_EQ(request(0).header("x-amz-security-token"), "");
  EXPECT_TRUE(request(0).header("Authorization").contains(";x-cos-security-token&"))
      << request(0).header("Authorization");
}

TEST_F(CosAnswer, p21_file_and_directory_clashes_are_final) {
  const std::pair<const char*, Errc> rows[] = {{"FileAlreadyExists", Errc::already_exists},
                                               {"DirAlreadyExists", Errc::is_directory},
                                               {"PathConflict", Errc::not_directory}};
  for (const auto& [code, errc] : rows) {
    script_->requests.clear();
    refuse(409, code);
    EXPECT_EQ(put().error().code, errc) << code;
    EXPECT_EQ(script_->requests.size(), 1U) << code;
  }
}

}  // namespace
}  // namespace gantry::object
