// Checksums of byte streams: CRC-64/XZ (what COS returns), CRC-32C, CRC-32, MD5, SHA-1, SHA-256, SHA-512; HMAC.
// Must not know: files, stores, who asks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace gantry::digest {

enum class Algorithm : std::uint8_t { crc64, crc32c, crc32, md5, sha1, sha256, sha512 };

/// Checksums of the same bytes: raw, most significant first.
using Digests = std::map<Algorithm, std::string>;

/// "crc64", "crc32c", "crc32", "md5", "sha1", "sha256", "sha512".
[[nodiscard]] std::string_view name(Algorithm algorithm);
/// By name(), or by the FTP HASH names ("SHA-256", "MD5", "CRC32"), without case.
[[nodiscard]] std::optional<Algorithm> parse_algorithm(std::string_view text);

/// CRC-64/XZ of `bytes`, continuing from the value `before` (0 at the start of a stream).
[[nodiscard]] std::uint64_t crc64(ByteView bytes, std::uint64_t before = 0);
/// CRC-64/XZ of A followed by B, from crc(A), crc(B) and the length of B alone.
[[nodiscard]] std::uint64_t crc64_combine(std::uint64_t crc_a, std::uint64_t crc_b, std::uint64_t length_b);
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

/// One running checksum of any algorithm.
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm);
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(ByteView bytes);
  /// Raw bytes, most significant first (CRCs too). Ends the stream.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Raw bytes of the checksum of `bytes`.
[[nodiscard]] std::string hash(Algorithm algorithm, ByteView bytes);
/// Raw HMAC; sha1 or sha256 only.
[[nodiscard]] std::string hmac(Algorithm algorithm, std::string_view key, std::string_view message);
[[nodiscard]] std::string to_base64(std::string_view raw);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);
/// Of either case.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

}  // namespace gantry::digest
