// The ways to ask a server for a checksum: HASH (draft-bryan-ftp-hash), the older X... commands, MD5 (draft-twine).
// Must not know: connections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "digest/digest.hpp"
#include "ftp/connection.hpp"

namespace gantry::ftp {

enum class ChecksumStyle : std::uint8_t {
  hash,   ///< OPTS HASH NAME, RANG, HASH path
  older,  ///< XSHA256 "path" first end
  md5,    ///< MD5 path
};

struct ChecksumWay {
  digest::Algorithm algorithm = digest::Algorithm::sha256;
  ChecksumStyle style = ChecksumStyle::hash;
  std::string name;     ///< of the algorithm for OPTS HASH, else the command
  bool ranges = false;  ///< knows parts of a file

  bool operator==(const ChecksumWay&) const = default;
};

/// What FEAT offers, one way for each algorithm: the server's default first when it is a strong one (it may know that
/// one without reading), then the strongest first.
[[nodiscard]] std::vector<ChecksumWay> checksum_ways(const Features& features);

/// The algorithm in use after the login: the one with the star, else the first of HASH; empty without HASH.
[[nodiscard]] std::string default_hash(const Features& features);

/// The command whose reply has the checksum. `range` is whole() for all of the file.
[[nodiscard]] std::string checksum_command(const ChecksumWay& way, std::string_view path, ByteRange range);

/// The checksum in lower case; nothing when the reply has none of this algorithm and `range`.
[[nodiscard]] std::optional<std::string> parse_checksum(const ChecksumWay& way, ByteRange range, const Reply& reply);

}  // namespace gantry::ftp
