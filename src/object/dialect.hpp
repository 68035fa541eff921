// What differs between S3 and COS on the wire, as values; and where a bucket is found.
// Must not know: requests, retries. Signatures differ too: signer.hpp.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/client.hpp"
#include "object/encoding.hpp"
#include "object/store.hpp"

namespace gantry::object {

enum class DialectKind : std::uint8_t { s3, cos };

struct Dialect {
  DialectKind kind = DialectKind::s3;
  std::string_view header_prefix;       ///< "x-amz-"
  std::string_view crc64_header;        ///< checksum of the whole object or part in replies; empty: none
  std::string_view crc32c_header;       ///< checksum of a part, in requests and replies; empty: none
  std::string_view copy_directive;      ///< value of metadata-directive: keep the source's
  std::string_view replace_directive;   ///< take the request's
  std::string_view create_only_header;  ///< refuses to overwrite
  std::string_view create_only_value;
  std::string_view xml_namespace;     ///< of request bodies
  Plus listing_plus = Plus::literal;  ///< what '+' means in url-encoded listings
  bool list_v2 = false;
  Limits limits;

  [[nodiscard]] std::string header(std::string_view name) const { return std::string(header_prefix).append(name); }
};

[[nodiscard]] const Dialect& dialect_of(DialectKind kind);

struct Location {
  DialectKind dialect = DialectKind::s3;
  std::string bucket{};
  std::string region{};
  std::string endpoint{};   ///< [scheme://]host[:port]; empty: the vendor's own host for the region
  bool tls = true;          ///< of the vendor's own host, and of an endpoint without a scheme
  bool path_style = false;  ///< S3 only
  bool internal = false;    ///< COS only: the host of Tencent's internal network
};

/// Where requests for a bucket go.
struct BucketOrigin {
  http::Origin origin;      ///< what to connect to; its authority() is the Host header
  std::string path_prefix;  ///< "/bucket" in path style, else empty
  std::string copy_source;  ///< what stands before "/key" in copy-source
  bool vendor_host = true;  ///< derived from the region, so another region means another host
};

/// S3: virtual-hosted `{bucket}.s3.{region}.amazonaws.com` (path style when asked for, or when the bucket has a dot,
/// which no wildcard certificate covers); with an endpoint `{bucket}.{host}`, or path style when asked for or when
/// the host is an address. COS: `{bucket}.cos.{region}.myqcloud.com`; internal
/// `{bucket}.cos-internal.{region}.tencentcos.cn`; with an endpoint its host as given when it begins with the bucket,
/// else `{bucket}.{host}`. An endpoint that is an address or localhost cannot carry the bucket in the host: COS
/// requests go there as they are, with the endpoint as Host, and the server must know its bucket. A copy source on COS
/// names the bucket by the public host of its region, whichever of Tencent's hosts requests take.
/// Errc::invalid: a malformed endpoint, no bucket, or neither region nor endpoint.
[[nodiscard]] Result<BucketOrigin> make_origin(const Location& location);

}  // namespace gantry::object
