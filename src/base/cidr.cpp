#include "base/cidr.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "base/units.hpp"

namespace gantry {
namespace {

using Address = std::array<std::uint8_t, 16>;

constexpr unsigned mapped_bits = 96;
constexpr Address mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};

bool is_ipv4(const Address& address) {
  return std::equal(address.begin(), address.begin() + mapped_bits / 8, mapped_prefix.begin());
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  const std::string terminated(text);
  Address address{};
  if (inet_pton(AF_INET6, terminated.c_str(), address.data()) == 1) return address;
  address = mapped_prefix;
  if (inet_pton(AF_INET, terminated.c_str(), address.data() + mapped_bits / 8) == 1) return address;
  return std::nullopt;
}

Address keep_bits(Address address, unsigned bits) {
  for (unsigned i = 0; i < address.size(); ++i) {
    const unsigned kept = std::clamp<unsigned>(bits > i * 8 ? bits - i * 8 : 0, 0, 8);
    address[i] = static_cast<std::uint8_t>(address[i] & ~(0xFFU >> kept));
  }
  return address;
}

}  // namespace

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  auto address = parse_address(host);
  if (!address) return std::nullopt;
  Cidr cidr;
  cidr.network_ = *address;
  cidr.bits_ = 128;
  if (slash != std::string_view::npos) {
    const auto bits = parse_number(text.substr(slash + 1));
    const unsigned offset = host.contains(':') ? 0 : mapped_bits;
    if (!bits || *bits > 128 - offset) return std::nullopt;
    cidr.bits_ = static_cast<unsigned>(*bits) + offset;
  }
  if (keep_bits(*address, cidr.bits_) != *address) return std::nullopt;
  return cidr;
}

bool Cidr::contains(std::string_view address) const {
  auto parsed = parse_address(address);
  // "::/0" and the like must not let in IPv4 by way of the mapped form.
  if (!parsed || (is_ipv4(*parsed) && bits_ < mapped_bits)) return false;
  return keep_bits(*parsed, bits_) == network_;
}

}  // namespace gantry
