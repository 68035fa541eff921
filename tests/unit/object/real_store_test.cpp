// The exam on a real store, named by the environment: S3_ENDPOINT S3_REGION S3_BUCKET S3_ACCESS_KEY S3_SECRET_KEY.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/object/exam.hpp"

namespace gantry::object {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

StoreOptions real_store() {
  return {.name = "real",
          .location = {.dialect = DialectKind::s3,
                       .bucket = environment("S3_BUCKET"),
                       .region = environment("S3_REGION"),
                       .endpoint = environment("S3_ENDPOINT"),
                       .path_style = true},
          .credentials = {environment("S3_ACCESS_KEY"), Secret(environment("S3_SECRET_KEY")), Secret()},
          .retry = quick_retries()};
}

TEST(RealStore, exam) {
  if (environment("S3_ENDPOINT").empty()) GTEST_SKIP() << "S3_ENDPOINT is not set: no real store to ask";
  Bench bench(real_store());
  examine(bench, "unit object/", 5 * mib);
}

TEST(RealStore, wrong_secret_and_bucket) {
  if (environment("S3_ENDPOINT").empty()) GTEST_SKIP() << "S3_ENDPOINT is not set: no real store to ask";
  StoreOptions options = real_store();
  options.credentials.secret_key = Secret("wrong");
  Bench wrong_secret(options);
  auto probe = wrong_secret.run(wrong_secret->probe());
  ASSERT_FALSE(probe);
  EXPECT_EQ(probe.error().code, Errc::unavailable);
  EXPECT_TRUE(probe.error().detail.contains("check access_key and secret_key of store real")) << probe.error().detail;
  options = real_store();
  options.location.bucket = "no-such-bucket-here";
  Bench wrong_bucket(options);
  probe = wrong_bucket.run(wrong_bucket->probe());
  ASSERT_FALSE(probe);
  EXPECT_EQ(probe.error().code, Errc::unavailable);
  EXPECT_TRUE(probe.error().detail.contains("check bucket and region")) << probe.error().detail;
}

}  // namespace
}  // namespace gantry::object
