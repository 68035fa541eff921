// Percent-encoding of keys and query values, and the texts of time and checksums that stores use.
// Must not know: signatures, dialects, HTTP messages.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/units.hpp"

namespace gantry::object {

/// Keeps A-Z a-z 0-9 - _ . ~; every other byte becomes %XX with upper-case digits (RFC 3986, section 2.3).
[[nodiscard]] std::string encode(std::string_view bytes);
/// The same, but '/' stays.
[[nodiscard]] std::string encode_path(std::string_view bytes);

enum class Plus : std::uint8_t { literal, space };
/// Undoes %XX, and '+' where it stands for a space. Nothing when a '%' is not followed by two digits.
[[nodiscard]] std::optional<std::string> decode(std::string_view text, Plus plus);

/// An ETag without its quotes (and without a weak mark).
[[nodiscard]] std::string unquote_etag(std::string_view text);
[[nodiscard]] std::string quote_etag(std::string_view etag);
/// 32 hexadecimal digits: the MD5 of the content, unless the store encrypts with keys of its own.
[[nodiscard]] bool is_md5_etag(std::string_view etag);

/// RFC 1123, ISO 8601 with or without fraction and zone, and asctime: all that COS and S3 send. UTC.
/// Nothing when unknown.
[[nodiscard]] std::optional<WallTime> parse_store_time(std::string_view text);
/// "20231114T221320Z"
[[nodiscard]] std::string amz_date(WallTime time);

/// The 16 raw bytes.
[[nodiscard]] std::string md5_of(const Chunks& body);
/// A CRC-32C as S3 writes it: base64 of its four bytes, the most significant first.
[[nodiscard]] std::string crc32c_text(std::uint32_t value);

}  // namespace gantry::object
