#include "limits/address_group.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <cstdint>

#include "base/cidr.hpp"
#include "base/units.hpp"

namespace gantry::limits {

std::string address_group(const boost::asio::ip::address& address) {
  namespace ip = boost::asio::ip;
  if (address.is_v4()) return address.to_string();
  const ip::address_v6 whole = address.to_v6();
  if (whole.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, whole).to_string();
  auto bytes = whole.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes).to_string() + "/64";
}

std::optional<std::string> canonical_network(std::string_view text) {
  if (!Cidr::parse(text)) return std::nullopt;
  const std::size_t slash = text.find('/');
  const auto address = boost::asio::ip::make_address(std::string(text.substr(0, slash)));
  if (slash == std::string_view::npos) return address_group(address);
  const std::uint64_t bits = parse_number(text.substr(slash + 1)).value_or(0);
  if (address.is_v4() && bits == 32) return address_group(address);
  return address.to_string() + '/' + std::to_string(bits);
}

}  // namespace gantry::limits
