#include "proto/host_port.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry::proto {
namespace {

std::optional<std::string> canonical(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> raw{};
  if (inet_pton(family, text.c_str(), raw.data()) != 1) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (inet_ntop(family, raw.data(), out.data(), out.size()) == nullptr) return std::nullopt;
  return std::string(out.data());
}

std::optional<unsigned> small_number(std::string_view text, unsigned largest) {
  if (text.size() > 5) return std::nullopt;
  auto value = parse_number(text);
  if (!value || *value > largest) return std::nullopt;
  return static_cast<unsigned>(*value);
}

}  // namespace

std::expected<HostPort, HostPortError> parse_port(std::string_view text) {
  auto fields = split(trim(text), ',');
  if (fields.size() != 6) return std::unexpected(HostPortError::syntax);
  std::array<unsigned, 6> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    auto value = fields[i].size() <= 3 ? small_number(fields[i], 255) : std::nullopt;
    if (!value) return std::unexpected(HostPortError::syntax);
    n[i] = *value;
  }
  auto port = static_cast<std::uint16_t>(n[4] * 256 + n[5]);
  if (port == 0) return std::unexpected(HostPortError::syntax);
  return HostPort{HostPort::Family::ipv4, fmt::format("{}.{}.{}.{}", n[0], n[1], n[2], n[3]), port};
}

std::expected<HostPort, HostPortError> parse_eprt(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() < 33 || text.front() > 126) return std::unexpected(HostPortError::syntax);
  auto fields = split(text, text.front());
  if (fields.size() != 5 || !fields[0].empty() || !fields[4].empty()) return std::unexpected(HostPortError::syntax);
  auto family = small_number(fields[1], 65535);
  if (!family) return std::unexpected(HostPortError::syntax);
  if (*family != 1 && *family != 2) return std::unexpected(HostPortError::unsupported_family);
  auto address = canonical(*family == 1 ? AF_INET : AF_INET6, std::string(fields[2]));
  auto port = small_number(fields[3], 65535);
  if (!address || !port || *port == 0) return std::unexpected(HostPortError::syntax);
  return HostPort{*family == 1 ? HostPort::Family::ipv4 : HostPort::Family::ipv6, std::move(*address),
                  static_cast<std::uint16_t>(*port)};
}

EpsvArgument parse_epsv(std::string_view text) {
  text = trim(text);
  if (text.empty()) return EpsvArgument::none;
  if (text == "1") return EpsvArgument::ipv4;
  if (text == "2") return EpsvArgument::ipv6;
  if (equal_ignoring_case(text, "ALL")) return EpsvArgument::all;
  return small_number(text, 65535) ? EpsvArgument::unsupported : EpsvArgument::syntax;
}

std::string format_pasv(std::string_view ipv4, std::uint16_t port) {
  std::string host(ipv4);
  std::ranges::replace(host, '.', ',');
  return fmt::format("({},{},{})", host, port / 256, port % 256);
}

std::string format_epsv(std::uint16_t port) { return fmt::format("(|||{}|)", port); }

}  // namespace gantry::proto
