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
    .crc32c_header = "x-amz-checksum-crc32c",
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
    .crc32c_header = {},
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

/// Host of a region in the public network, which names bucket and region in a copy source whatever host the request
/// itself takes.
std::string cos_region_host(std::string_view region) {
  // Names older than the "cos." label.
  static constexpr std::array<std::string_view, 6> old{"cn-south",     "cn-north",   "cn-east",
                                                       "cn-southwest", "cn-south-2", "sg"};
  return fmt::format("{}{}.myqcloud.com", std::ranges::find(old, region) != old.end() ? "" : "cos.", region);
}

/// The region in "cos.REGION.myqcloud.com" and its likes; empty: the name has none.
std::string region_in_host(std::string_view host) {
  static constexpr std::array<std::string_view, 2> labels{"cos.", "cos-internal."};
  for (std::string_view suffix : {".myqcloud.com", ".tencentcos.cn"})
    if (host.ends_with(suffix)) host.remove_suffix(suffix.size());
  for (std::string_view label : labels)
    if (host.starts_with(label)) host.remove_prefix(label.size());
  return host == "accelerate" || host.contains('.') ? std::string() : std::string(host);
}

bool is_vendor_host(std::string_view host) {
  return host.ends_with(".myqcloud.com") || host.ends_with(".tencentcos.cn");
}

std::string cos_host(const Location& location) {
  if (location.internal) return fmt::format("cos-internal.{}.tencentcos.cn", location.region);
  return cos_region_host(location.region);
}

BucketOrigin cos_origin(const Location& location, http::Origin origin) {
  BucketOrigin out;
  out.vendor_host = location.endpoint.empty();
  const std::string bucket = location.bucket + ".";
  const bool nameless = is_address(origin.host) || origin.host == "localhost";
  std::string host = out.vendor_host ? cos_host(location) : origin.host;
  if (host.starts_with(bucket)) host.erase(0, bucket.size());
  if (out.vendor_host || !nameless) origin.host = bucket + host;
  // Hosts of acceleration and of the internal network lead to the bucket but do not name it to the service.
  std::string region = location.region;
  if (region.empty() && is_vendor_host(host)) region = region_in_host(host);
  const bool by_region = !region.empty() && (out.vendor_host || nameless || is_vendor_host(host));
  out.copy_source = bucket + (by_region ? cos_region_host(region) : host);
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
    std::string endpoint = location.endpoint;
    if (endpoint.ends_with('/')) endpoint.pop_back();
    if (!endpoint.contains("://")) endpoint.insert(0, location.tls ? "https://" : "http://");
    auto parsed = http::parse_origin(endpoint);
    if (!parsed) return fail(Errc::invalid, "store", "endpoint must be [scheme://]host[:port]: " + location.endpoint);
    origin = *parsed;
  } else if (location.region.empty()) {
    return fail(Errc::invalid, "store", "give a region or an endpoint");
  }
  return location.dialect == DialectKind::cos ? cos_origin(location, std::move(origin))
                                              : s3_origin(location, std::move(origin));
}

}  // namespace gantry::object
