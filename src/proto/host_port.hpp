// Addresses of data connections as text: PORT and 227 (RFC 959), EPRT, EPSV and 229 (RFC 2428).
// Must not know: sockets, which addresses are allowed (FTP bounce is the caller's to refuse).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace gantry::proto {

struct HostPort {
  enum class Family : std::uint8_t { ipv4, ipv6 };
  Family family = Family::ipv4;
  std::string address;     ///< canonical text as inet_ntop writes it; an IPv4-mapped IPv6 address stays ipv6
  std::uint16_t port = 0;  ///< 1..65535

  bool operator==(const HostPort&) const = default;
};

enum class HostPortError : std::uint8_t {
  syntax,              ///< answer 501
  unsupported_family,  ///< EPRT only: a well-formed family other than 1 and 2; answer 522
};

/// "h1,h2,h3,h4,p1,p2": six decimal numbers 0..255 of one to three digits, nothing around them, port not 0.
[[nodiscard]] std::expected<HostPort, HostPortError> parse_port(std::string_view argument);

/// "|1|192.0.2.1|2121|" or "|2|2001:db8::1|2121|"; the delimiter may be any printable character that cannot occur
/// in an address. No scope ids.
[[nodiscard]] std::expected<HostPort, HostPortError> parse_eprt(std::string_view argument);

enum class EpsvArgument : std::uint8_t {
  none,
  ipv4,
  ipv6,
  all,
  unsupported,  ///< another family number: answer 522
  syntax,       ///< answer 501
};

/// "", "1", "2", "ALL" in any letter case, blanks around them ignored.
[[nodiscard]] EpsvArgument parse_epsv(std::string_view argument);

/// "(192,0,2,1,8,73)" for the 227 reply. `ipv4` is dotted decimal.
[[nodiscard]] std::string format_pasv(std::string_view ipv4, std::uint16_t port);

/// "(|||2121|)" for the 229 reply.
[[nodiscard]] std::string format_epsv(std::uint16_t port);

}  // namespace gantry::proto
