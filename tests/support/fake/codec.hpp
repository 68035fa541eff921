// Digests and encodings of the fake store, independent of src/. OpenSSL only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_ctx_st;

namespace gantry::test::fake {

enum class Hash : std::uint8_t { md5, sha1, sha256 };

class RunningHash {
 public:
  explicit RunningHash(Hash hash);
  ~RunningHash();
  RunningHash(const RunningHash&) = delete;
  RunningHash& operator=(const RunningHash&) = delete;
  void update(std::string_view bytes);
  [[nodiscard]] std::string finish();  ///< raw

 private:
  evp_md_ctx_st* context_;
};

[[nodiscard]] std::string digest(Hash hash, std::string_view bytes);                        ///< raw
[[nodiscard]] std::string hmac(Hash hash, std::string_view key, std::string_view message);  ///< raw
[[nodiscard]] std::string hex(std::string_view raw);
[[nodiscard]] std::string base64(std::string_view raw);
[[nodiscard]] std::optional<std::string> unbase64(std::string_view text);

/// CRC-64/XZ, continuing from `before`.
[[nodiscard]] std::uint64_t crc64(std::string_view bytes, std::uint64_t before = 0);
/// CRC-32C as S3 writes it: base64 of the value, the most significant byte first.
[[nodiscard]] std::string crc32c(std::string_view bytes);
/// CRC of A followed by B.
[[nodiscard]] std::uint64_t crc64_join(std::uint64_t a, std::uint64_t b, std::uint64_t length_b);

enum class Slash : std::uint8_t { encode, keep };
/// RFC 3986 unreserved characters stay, the rest becomes %XX.
[[nodiscard]] std::string encode(std::string_view bytes, Slash slash);
enum class Plus : std::uint8_t { literal, space };
/// Nothing when an escape is malformed.
[[nodiscard]] std::optional<std::string> decode(std::string_view text, Plus plus);
[[nodiscard]] std::string xml_escape(std::string_view text);

[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string_view strip(std::string_view text);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

[[nodiscard]] std::string http_date(std::int64_t unix_seconds);
[[nodiscard]] std::string iso_date(std::int64_t unix_seconds);
/// "YYYYMMDDTHHMMSSZ".
[[nodiscard]] std::optional<std::int64_t> parse_basic_date(std::string_view text);

}  // namespace gantry::test::fake
