// A server and who one is there, and the URLs that name them: ftp://alice@host:2121/dir/file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "ftp/failure.hpp"

namespace gantry::ftp {

/// How the connections are protected.
enum class Security : std::uint8_t {
  required,  ///< AUTH TLS before the password (RFC 4217); a server without it is refused
  implicit,  ///< TLS from the first byte (ftps://)
  off,       ///< clear text, because the user insisted
};

struct Site {
  std::string host;        ///< without brackets
  std::uint16_t port = 0;  ///< 0: 21, or 990 with implicit TLS
  Security security = Security::required;
  std::string user;  ///< empty: anonymous
  Secret password;

  bool operator==(const Site&) const = default;
};

struct Url {
  Site site;
  std::string path;  ///< decoded; begins with '/' when the URL said so twice (ftp://host//etc), else below the home
  bool has_path = false;  ///< something follows the slash behind the host
};

/// True for texts that begin with ftp:// or ftps://, in any case.
[[nodiscard]] bool is_url(std::string_view text);

/// Why::usage with a sentence naming what is wrong; a password in the URL is refused too (others can read it in the
/// list of processes), control characters likewise.
[[nodiscard]] Outcome<Url> parse_url(std::string_view text);

[[nodiscard]] std::uint16_t control_port(const Site& site);

/// "host:2121", "[::1]:21": the port always said.
[[nodiscard]] std::string address_of(const Site& site);

/// "ftp://alice@host:2121": for messages and as a key; never the password.
[[nodiscard]] std::string to_text(const Site& site);

}  // namespace gantry::ftp
