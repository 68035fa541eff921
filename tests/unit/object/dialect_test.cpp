#include "object/dialect.hpp"

#include <gtest/gtest.h>

namespace gantry::object {
namespace {

BucketOrigin origin_of(Location location) {
  auto made = make_origin(location);
  EXPECT_TRUE(made) << (made ? "" : made.error().text());
  return made.value_or(BucketOrigin{});
}

Location cos(std::string region, std::string endpoint = {}) {
  return {.dialect = DialectKind::cos,
          .bucket = "data-1250000000",
          .region = std::move(region),
          .endpoint = std::move(endpoint)};
}

Location s3(std::string region, std::string endpoint = {}) {
  return {.dialect = DialectKind::s3, .bucket = "data", .region = std::move(region), .endpoint = std::move(endpoint)};
}

TEST(Origin, cos_hosts) {
  EXPECT_EQ(origin_of(cos("ap-guangzhou")).origin.authority(), "data-1250000000.cos.ap-guangzhou.myqcloud.com");
  EXPECT_TRUE(origin_of(cos("ap-guangzhou")).origin.tls);
  EXPECT_EQ(origin_of(cos("ap-guangzhou")).copy_source, "data-1250000000.cos.ap-guangzhou.myqcloud.com");
  EXPECT_EQ(origin_of(cos("cn-south")).origin.host, "data-1250000000.cn-south.myqcloud.com");
  Location internal = cos("ap-guangzhou");
  internal.internal = true;
  EXPECT_EQ(origin_of(internal).origin.host, "data-1250000000.cos-internal.ap-guangzhou.tencentcos.cn");
}

TEST(Origin, cos_endpoints) {
  EXPECT_EQ(origin_of(cos("r", "http://cos.example.com:8080")).origin.authority(),
            "data-1250000000.cos.example.com:8080");
  EXPECT_EQ(origin_of(cos("r", "https://data-1250000000.cos.example.com")).origin.authority(),
            "data-1250000000.cos.example.com");
  BucketOrigin local = origin_of(cos("r", "http://127.0.0.1:9000"));
  EXPECT_EQ(local.origin.authority(), "127.0.0.1:9000");
  EXPECT_EQ(local.path_prefix, "");
  EXPECT_EQ(local.copy_source, "data-1250000000.cos.r.myqcloud.com");
}

TEST(Origin, s3_hosts) {
  EXPECT_EQ(origin_of(s3("eu-west-1")).origin.authority(), "data.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(origin_of(s3("eu-west-1")).path_prefix, "");
  Location dotted = s3("eu-west-1");
  dotted.bucket = "my.data";
  EXPECT_EQ(origin_of(dotted).origin.authority(), "s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(origin_of(dotted).path_prefix, "/my.data");
}

TEST(Origin, s3_endpoints) {
  EXPECT_EQ(origin_of(s3("", "http://store.example.com:9000")).origin.authority(), "data.store.example.com:9000");
  Location path = s3("", "http://store.example.com:9000");
  path.path_style = true;
  EXPECT_EQ(origin_of(path).origin.authority(), "store.example.com:9000");
  EXPECT_EQ(origin_of(path).path_prefix, "/data");
  EXPECT_EQ(origin_of(s3("", "http://127.0.0.1:9000")).path_prefix, "/data");
  EXPECT_FALSE(origin_of(s3("", "http://127.0.0.1:9000")).vendor_host);
}

TEST(Origin, refuses_what_leads_nowhere) {
  EXPECT_EQ(make_origin(s3("")).error().code, Errc::invalid);
  EXPECT_EQ(make_origin(s3("", "127.0.0.1")).error().code, Errc::invalid);
  EXPECT_EQ(make_origin(s3("", "ftp://127.0.0.1")).error().code, Errc::invalid);
  Location nameless = s3("r");
  nameless.bucket.clear();
  EXPECT_EQ(make_origin(nameless).error().code, Errc::invalid);
}

}  // namespace
}  // namespace gantry::object
