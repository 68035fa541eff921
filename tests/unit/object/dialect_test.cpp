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
  Location plain = cos("ap-guangzhou");
  plain.tls = false;
  EXPECT_FALSE(origin_of(plain).origin.tls);
  EXPECT_EQ(origin_of(plain).origin.authority(), "data-1250000000.cos.ap-guangzhou.myqcloud.com");
  for (const char* old : {"cn-south", "cn-north", "cn-east", "cn-southwest", "cn-south-2", "sg"})
    EXPECT_EQ(origin_of(cos(old)).origin.host, std::string("data-1250000000.") + old + ".myqcloud.com");
}

// Every form an endpoint may be written in, with and without the bucket, leads to the same place.
TEST(Origin, cos_endpoint_forms) {
  struct Row {
    const char* endpoint;
    const char* authority;  // behind the bucket
    bool tls = true;
  };
  const Row rows[] = {
      {"cos.ap-guangzhou.myqcloud.com", ".cos.ap-guangzhou.myqcloud.com"},
      {"cos.ap-guangzhou.tencentcos.cn", ".cos.ap-guangzhou.tencentcos.cn"},
      {"cos-internal.ap-guangzhou.tencentcos.cn", ".cos-internal.ap-guangzhou.tencentcos.cn"},
      {"cos.accelerate.myqcloud.com", ".cos.accelerate.myqcloud.com"},
      {"cos.accelerate.tencentcos.cn", ".cos.accelerate.tencentcos.cn"},
      {"cos-internal.accelerate.tencentcos.cn", ".cos-internal.accelerate.tencentcos.cn"},
      {"cn-south.myqcloud.com", ".cn-south.myqcloud.com"},
      {"cos.example.com:8443", ".cos.example.com:8443"},
      {"http://cos.example.com", ".cos.example.com", false},
      {"http://cos.example.com:8080/", ".cos.example.com:8080", false},
      {"https://COS.Example.com:443", ".cos.example.com"},
  };
  for (const Row& row : rows) {
    for (const std::string bucket : {"", "data-1250000000."}) {
      std::string endpoint = row.endpoint;
      const std::size_t host = endpoint.contains("://") ? endpoint.find("://") + 3 : 0;
      endpoint.insert(host, bucket);
      const BucketOrigin made = origin_of(cos("", endpoint));
      EXPECT_EQ(made.origin.authority(), std::string("data-1250000000") + row.authority) << endpoint;
      EXPECT_EQ(made.origin.tls, row.tls) << endpoint;
      EXPECT_EQ(made.path_prefix, "") << endpoint;
    }
  }
  // Only the whole name is the bucket's.
  EXPECT_EQ(origin_of(cos("", "data-12500000001.example.com")).origin.host,
            "data-1250000000.data-12500000001.example.com");
}

TEST(Origin, cos_point_01_copy_source_names_bucket_and_region) {
  const std::string guangzhou = "data-1250000000.cos.ap-guangzhou.myqcloud.com";
  Location internal = cos("ap-guangzhou");
  internal.internal = true;
  EXPECT_EQ(origin_of(internal).copy_source, guangzhou);
  EXPECT_EQ(origin_of(cos("ap-guangzhou", "cos.accelerate.myqcloud.com")).copy_source, guangzhou);
  EXPECT_EQ(origin_of(cos("", "cos.ap-guangzhou.tencentcos.cn")).copy_source, guangzhou);
  EXPECT_EQ(origin_of(cos("", "https://data-1250000000.cos-internal.ap-guangzhou.tencentcos.cn")).copy_source,
            guangzhou);
  EXPECT_EQ(origin_of(cos("cn-south")).copy_source, "data-1250000000.cn-south.myqcloud.com");
  EXPECT_EQ(origin_of(cos("", "cos.accelerate.myqcloud.com")).copy_source,
            "data-1250000000.cos.accelerate.myqcloud.com");
  EXPECT_EQ(origin_of(cos("r", "https://cos.example.com")).copy_source, "data-1250000000.cos.example.com");
}

TEST(Origin, cos_point_07_never_path_style) {
  for (const char* endpoint : {"", "https://cos.ap-guangzhou.myqcloud.com", "http://127.0.0.1:9000"}) {
    Location location = cos("ap-guangzhou", endpoint);
    location.path_style = true;
    EXPECT_EQ(origin_of(location).path_prefix, "") << endpoint;
  }
}

TEST(Dialect, cos_point_11_and_13_limits) {
  EXPECT_EQ(dialect_of(DialectKind::cos).limits.min_part, mib);
  EXPECT_EQ(dialect_of(DialectKind::cos).limits.max_key, 850U);
  EXPECT_EQ(dialect_of(DialectKind::cos).limits.max_parts, 10'000U);
  EXPECT_EQ(dialect_of(DialectKind::s3).limits.min_part, 5 * mib);
  EXPECT_EQ(dialect_of(DialectKind::s3).limits.max_key, 1024U);
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
  EXPECT_EQ(make_origin(s3("", "127.0.0.1/path")).error().code, Errc::invalid);
  EXPECT_EQ(make_origin(s3("", "host:port")).error().code, Errc::invalid);
  EXPECT_EQ(make_origin(s3("", "ftp://127.0.0.1")).error().code, Errc::invalid);
  Location nameless = s3("r");
  nameless.bucket.clear();
  EXPECT_EQ(make_origin(nameless).error().code, Errc::invalid);
}

}  // namespace
}  // namespace gantry::object
