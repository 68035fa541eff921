#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "base/units.hpp"
#include "http/client.hpp"
#include "http/url.hpp"

namespace gantry::http {
namespace {

bool is_host_name(std::string_view host) {
  // DNS limits a name to 253 bytes (RFC 1035 section 2.3.4).
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6_text(std::string_view host) {
  return !host.empty() && host.size() <= 45 && host.find(':') != std::string_view::npos &&
         std::ranges::all_of(
             host, [](char c) { return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.'; });
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
  HostPort result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    result.host = to_lower(text.substr(1, end - 1));
    rest = text.substr(end + 1);
    if (!is_ipv6_text(result.host)) return std::nullopt;
  } else {
    const auto end = std::min(text.find(':'), text.size());
    result.host = to_lower(text.substr(0, end));
    rest = text.substr(end);
    if (!is_host_name(result.host)) return std::nullopt;
  }
  if (rest.empty()) return result;
  if (!rest.starts_with(':')) return std::nullopt;
  const auto port = parse_number(rest.substr(1));
  if (!port || *port == 0 || *port > 65535) return std::nullopt;
  result.port = static_cast<std::uint16_t>(*port);
  return result;
}

std::string host_port_text(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  return brackets ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Origin::authority() const {
  if (port != (tls ? 443 : 80)) return host_port_text(host, port);
  return host.find(':') != std::string::npos ? "[" + host + "]" : host;
}

std::optional<Origin> parse_origin(std::string_view url) {
  const auto separator = url.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  const std::string scheme = to_lower(url.substr(0, separator));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  auto where = parse_host_port(url.substr(separator + 3));
  if (!where) return std::nullopt;
  const bool tls = scheme == "https";
  return Origin{tls, std::move(where->host), where->port.value_or(tls ? 443 : 80)};
}

}  // namespace gantry::http
