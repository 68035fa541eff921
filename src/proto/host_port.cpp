#include "proto/host_port.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>

#include "base/text.hpp"

namespace gantry::proto {
namespace {

using Failure = std::unexpected<HostPortError>;

/// Decimal digits only, at most `digits` of them and at most `largest`.
std::optional<unsigned> parse_field(std::string_view text, std::size_t digits, unsigned largest) {
  if (text.empty() || text.size() > digits) return std::nullopt;
  if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value <= largest ? std::optional(value) : std::nullopt;
}

std::optional<std::string> canonical_address(HostPort::Family family, const std::string& text) {
  // inet_pton reads a C string: a NUL would end it early.
  if (text.find('\0') != std::string::npos) return std::nullopt;
  const int domain = family == HostPort::Family::ipv4 ? AF_INET : AF_INET6;
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  std::array<char, INET6_ADDRSTRLEN> shown{};
  if (inet_pton(domain, text.c_str(), binary.data()) != 1) return std::nullopt;
  if (inet_ntop(domain, binary.data(), shown.data(), shown.size()) == nullptr) return std::nullopt;
  return std::string(shown.data());
}

/// RFC 2428 allows any printable character; one that occurs in addresses would make the fields ambiguous.
bool is_delimiter(char c) {
  bool letter_or_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return c > ' ' && c <= '~' && !letter_or_digit && c != '.' && c != ':';
}

}  // namespace

std::expected<HostPort, HostPortError> parse_port(std::string_view argument) {
  constexpr std::size_t longest = 6 * 3 + 5;
  if (argument.size() > longest) return Failure(HostPortError::syntax);
  auto fields = split(argument, ',');
  if (fields.size() != 6) return Failure(HostPortError::syntax);
  std::array<unsigned, 6> number{};
  for (std::size_t i = 0; i < number.size(); ++i) {
    auto value = parse_field(fields[i], 3, 255);
    if (!value) return Failure(HostPortError::syntax);
    number[i] = *value;
  }
  auto port = static_cast<std::uint16_t>(number[4] * 256 + number[5]);
  if (port == 0) return Failure(HostPortError::syntax);
  return HostPort{HostPort::Family::ipv4, fmt::format("{}.{}.{}.{}", number[0], number[1], number[2], number[3]), port};
}

std::expected<HostPort, HostPortError> parse_eprt(std::string_view argument) {
  constexpr std::size_t longest = 4 + 5 + INET6_ADDRSTRLEN + 5;
  if (argument.size() < 4 || argument.size() > longest) return Failure(HostPortError::syntax);
  const char delimiter = argument.front();
  if (!is_delimiter(delimiter) || argument.back() != delimiter) return Failure(HostPortError::syntax);
  auto fields = split(argument.substr(1, argument.size() - 2), delimiter);
  if (fields.size() != 3) return Failure(HostPortError::syntax);
  auto family_number = parse_field(fields[0], 5, 65535);
  if (!family_number) return Failure(HostPortError::syntax);
  if (*family_number != 1 && *family_number != 2) return Failure(HostPortError::unsupported_family);
  auto family = *family_number == 1 ? HostPort::Family::ipv4 : HostPort::Family::ipv6;
  auto address = canonical_address(family, std::string(fields[1]));
  auto port = parse_field(fields[2], 5, 65535);
  if (!address || !port || *port == 0) return Failure(HostPortError::syntax);
  return HostPort{family, std::move(*address), static_cast<std::uint16_t>(*port)};
}

EpsvArgument parse_epsv(std::string_view argument) {
  std::string_view word = trim(argument);
  if (word.empty()) return EpsvArgument::none;
  if (equal_ignoring_case(word, "ALL")) return EpsvArgument::all;
  auto number = parse_field(word, 5, 65535);
  if (!number) return EpsvArgument::syntax;
  if (*number == 1) return EpsvArgument::ipv4;
  return *number == 2 ? EpsvArgument::ipv6 : EpsvArgument::unsupported;
}

std::string format_pasv(std::string_view ipv4, std::uint16_t port) {
  std::string host(ipv4);
  std::ranges::replace(host, '.', ',');
  return fmt::format("({},{},{})", host, port / 256, port % 256);
}

std::string format_epsv(std::uint16_t port) { return fmt::format("(|||{}|)", port); }

}  // namespace gantry::proto
