// Pieces of URLs shared by origins and proxies. Must not know: paths, queries, requests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::http {

struct HostPort {
  std::string host;  ///< lower case; IPv6 without brackets
  std::optional<std::uint16_t> port;
};

/// "host", "host:port", "[ipv6]" or "[ipv6]:port"; nothing for anything else.
[[nodiscard]] std::optional<HostPort> parse_host_port(std::string_view text);

/// "host:port", IPv6 in brackets: for CONNECT and for messages.
[[nodiscard]] std::string host_port_text(std::string_view host, std::uint16_t port);

}  // namespace gantry::http
