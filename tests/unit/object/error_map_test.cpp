#include "object/error_map.hpp"

#include <gtest/gtest.h>

namespace gantry::object {
namespace {

Failure map(int status, std::string code, std::string message = {}) {
  return map_refusal({.operation = "put",
                      .store = "main",
                      .key = "k",
                      .status = status,
                      .code = std::move(code),
                      .message = std::move(message),
                      .request_id = "r1"});
}

struct Row {
  int status;
  const char* code;
  Errc errc;
  Remedy remedy = Remedy::none;
};

TEST(ErrorMap, codes_and_statuses) {
  const Row rows[] = {
      {404, "NoSuchKey", Errc::not_found},
      {404, "", Errc::not_found},
      {404, "NoSuchUpload", Errc::not_found},
      {404, "NoSuchBucket", Errc::unavailable},
      {403, "AccessDenied", Errc::denied},
      {403, "", Errc::denied},
      {403, "InvalidAccessKeyId", Errc::unavailable, Remedy::fix_credentials},
      {400, "ExpiredToken", Errc::unavailable, Remedy::fix_credentials},
      {400, "InvalidToken", Errc::unavailable, Remedy::fix_credentials},
      {403, "SignatureDoesNotMatch", Errc::unavailable, Remedy::fix_credentials},
      {403, "RequestTimeTooSkewed", Errc::unavailable, Remedy::fix_clock},
      {403, "InvalidObjectState", Errc::denied},
      {400, "AuthorizationHeaderMalformed", Errc::unavailable, Remedy::fix_region},
      {301, "PermanentRedirect", Errc::unavailable, Remedy::fix_region},
      {307, "TemporaryRedirect", Errc::unavailable, Remedy::fix_region},
      {302, "", Errc::unavailable, Remedy::retry},
      {400, "BadDigest", Errc::corrupt, Remedy::retry_once},
      {400, "RequestTimeout", Errc::timed_out, Remedy::retry},
      {400, "UserNetworkTooSlow", Errc::timed_out, Remedy::retry},
      {400, "IncompleteBody", Errc::unavailable, Remedy::retry},
      {400, "InvalidArgument", Errc::invalid},
      {400, "SomethingNew", Errc::invalid},
      {400, "KeyTooLongError", Errc::bad_name},
      {400, "KeyTooLong", Errc::bad_name},
      {400, "EntityTooLarge", Errc::too_large},
      {413, "", Errc::too_large},
      {409, "ConditionalRequestConflict", Errc::conflict, Remedy::retry},
      {409, "UploadConflict", Errc::conflict, Remedy::retry},
      {409, "FileAlreadyExists", Errc::already_exists},
      {409, "", Errc::conflict},
      {412, "PreconditionFailed", Errc::conflict},
      {416, "InvalidRange", Errc::bad_offset},
      {416, "", Errc::bad_offset},
      {429, "", Errc::throttled, Remedy::retry},
      {500, "InternalError", Errc::unavailable, Remedy::retry},
      {500, "", Errc::unavailable, Remedy::retry},
      {501, "NotImplemented", Errc::unsupported},
      {502, "", Errc::unavailable, Remedy::retry},
      {503, "SlowDown", Errc::throttled, Remedy::retry},
      {503, "ServiceUnavailable", Errc::unavailable, Remedy::retry},
      {504, "", Errc::unavailable, Remedy::retry},
      {509, "", Errc::unavailable, Remedy::retry},
      {200, "InternalError", Errc::unavailable, Remedy::retry},
      {200, "SlowDown", Errc::throttled, Remedy::retry},
      {200, "NoSuchUpload", Errc::not_found},
  };
  for (const Row& row : rows) {
    Failure failure = map(row.status, row.code);
    EXPECT_EQ(failure.error.code, row.errc) << row.status << " " << row.code;
    EXPECT_EQ(failure.remedy, row.remedy) << row.status << " " << row.code;
  }
}

TEST(ErrorMap, expired_request_is_a_matter_of_the_clock) {
  EXPECT_EQ(map(403, "AccessDenied", "Request has expired").remedy, Remedy::fix_clock);
  EXPECT_EQ(map(403, "AccessDenied", "Access Denied.").remedy, Remedy::none);
}

TEST(ErrorMap, a_plain_refusal_of_temporary_keys_may_mean_that_they_have_expired) {
  for (const char* code : {"AccessDenied", ""}) {
    Refusal said{.operation = "head",
                 .store = "main",
                 .key = "k",
                 .status = 403,
                 .code = code,
                 .message = "",
                 .request_id = "",
                 .temporary_keys = true};
    EXPECT_EQ(map_refusal(said).remedy, Remedy::fix_credentials) << code;
    EXPECT_EQ(map_refusal(said).error.code, Errc::denied) << code;
    said.temporary_keys = false;
    EXPECT_EQ(map_refusal(said).remedy, Remedy::none) << code;
  }
}

// Buckets with metadata acceleration have real directories, and a file and a directory of one name clash.
TEST(ErrorMap, cos_point_21_file_and_directory_clashes) {
  EXPECT_EQ(map(409, "FileAlreadyExists").error.code, Errc::already_exists);
  EXPECT_EQ(map(409, "DirAlreadyExists").error.code, Errc::is_directory);
  EXPECT_EQ(map(409, "PathConflict").error.code, Errc::not_directory);
  for (const char* code : {"FileAlreadyExists", "DirAlreadyExists", "PathConflict"})
    EXPECT_EQ(map(409, code).remedy, Remedy::none) << code << " does not pass by waiting";
}

TEST(ErrorMap, cos_point_17_slow_senders_may_try_again) {
  for (const char* code : {"UserNetworkTooSlow", "RequestTimeout", "IncompleteBody"})
    EXPECT_EQ(map(400, code).remedy, Remedy::retry) << code;
}

TEST(ErrorMap, throttling_and_uncertainty) {
  EXPECT_TRUE(map(503, "SlowDown").throttled);
  EXPECT_TRUE(map(503, "").throttled);
  EXPECT_TRUE(map(429, "").throttled);
  EXPECT_TRUE(map(429, "TooManyRequests").throttled);
  EXPECT_FALSE(map(500, "InternalError").throttled);
  EXPECT_TRUE(map(500, "").uncertain);
  EXPECT_TRUE(map(200, "InternalError").uncertain);
  EXPECT_FALSE(map(404, "NoSuchUpload").uncertain);
  EXPECT_TRUE(map_transport({Errc::timed_out, "http", "", ""}).uncertain);
  EXPECT_EQ(map_transport({Errc::timed_out, "http", "", ""}).remedy, Remedy::retry);
  EXPECT_EQ(map_transport({Errc::cancelled, "http", "", ""}).remedy, Remedy::none);
}

TEST(ErrorMap, detail_tells_what_to_check) {
  Error keys = map(403, "SignatureDoesNotMatch", "The request signature\r\nwe calculated").error;
  EXPECT_TRUE(keys.detail.contains("check access_key and secret_key of store main")) << keys.detail;
  EXPECT_FALSE(keys.detail.contains('\n'));
  EXPECT_EQ(keys.request_id, "r1");
  EXPECT_TRUE(map(404, "NoSuchBucket").error.detail.contains("check bucket and region of store main"));
}

}  // namespace
}  // namespace gantry::object
