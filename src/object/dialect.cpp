#include "object/dialect.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>

namespace gantry::object {
namespace {

const Dialect s3_dialect{
    .kind = DialectKind::s3,
    .header_prefix = "x-amz-",
    .crc64_header = {},
    .copy_directive = "COPY",
    .replace_directive = "REPLACE",
    .create_only_header = "If-None-Match",
    .create_only_value = "*",
    .xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/",
    .listing_plus = Plus::space,
    .list_v2 = true,
    .limits = {},
};

const Dialect cos_dialect{
    .kind = DialectKind::cos,
    .header_prefix = "x-cos-",
    .crc64_header = "x-cos-hash-crc64ecma",
    .copy_directive = "Copy",
    .replace_directive = "Replaced",
    .create_only_header = "x-cos-forbid-overwrite",
    .create_only_value = "true",
    .xml_namespace = {},
    .listing_plus = Plus::literal,
    .list_v2 = false,
    .limits = {.min_part = mib, .max_object = 10'000 * 5 * gib, .max_key = 850},
};

bool is_address(const std::string& host) {
  boost::system::error_code ec;
  asio::ip::make_address(host, ec);
  return !ec;
}

/// Names older than the "cos." label.
std::string cos_host(const Location& location) {
  static constexpr std::array<std::string_view, 6> old{"cn-south",     "cn-north",   "cn-east",
                                                       "cn-southwest", "cn-south-2", "sg"};
  if (location.internal) return fmt::format("cos-internal.{}.tencentcos.cn", location.region);
  if (std::ranges::find(old, location.region) != old.end()) return fmt::format("{}.myqcloud.com", location.region);
  return fmt::format("cos.{}.myqcloud.com", location.region);
}

BucketOrigin cos_origin(const Location& location, http::Origin origin) {
  BucketOrigin out;
  std::string vendor = fmt::format("{}.{}", location.bucket, cos_host(location));
  out.copy_source = vendor;
  out.vendor_host = location.endpoint.empty();
  if (out.vendor_host) {
    origin.host = vendor;
  } else if (!is_address(origin.host) && origin.host != "localhost") {
    if (!origin.host.starts_with(location.bucket)) origin.host = fmt::format("{}.{}", location.bucket, origin.host);
    out.copy_source = origin.host;
  }
  out.origin = std::move(origin);
  return out;
}

BucketOrigin s3_origin(const Location& location, http::Origin origin) {
  BucketOrigin out;
  out.vendor_host = location.endpoint.empty();
  out.copy_source = "/" + location.bucket;
  bool path_style = location.path_style || (!out.vendor_host && is_address(origin.host)) ||
                    (origin.tls && location.bucket.contains('.'));
  if (out.vendor_host) origin.host = fmt::format("s3.{}.amazonaws.com", location.region);
  if (path_style)
    out.path_prefix = "/" + location.bucket;
  else
    origin.host = fmt::format("{}.{}", location.bucket, origin.host);
  out.origin = std::move(origin);
  return out;
}

}  // namespace

const Dialect& dialect_of(DialectKind kind) { return kind == DialectKind::cos ? cos_dialect : s3_dialect; }

Result<BucketOrigin> make_origin(const Location& location) {
  if (location.bucket.empty()) return fail(Errc::invalid, "store", "no bucket is given");
  http::Origin origin{.tls = location.tls, .host = {}, .port = static_cast<std::uint16_t>(location.tls ? 443 : 80)};
  if (!location.endpoint.empty()) {
    auto parsed = http::parse_origin(location.endpoint);
    if (!parsed) return fail(Errc::invalid, "store", "endpoint must be scheme://host[:port]: " + location.endpoint);
    origin = *parsed;
  } else if (location.region.empty()) {
    return fail(Errc::invalid, "store", "give a region or an endpoint");
  }
  return location.dialect == DialectKind::cos ? cos_origin(location, std::move(origin))
                                              : s3_origin(location, std::move(origin));
}

}  // namespace gantry::object
