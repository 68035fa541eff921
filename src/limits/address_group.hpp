// The unit addresses are counted in: an IPv4 address, or the /64 of an IPv6 address (a household has one).
#pragma once

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace gantry::limits {

/// "192.0.2.1" or "2001:db8:1:2::/64"; IPv4-mapped addresses count as IPv4.
[[nodiscard]] std::string address_group(const boost::asio::ip::address& address);

/// The one spelling of an address's group or of a network in CIDR form; nothing when the text is neither.
[[nodiscard]] std::optional<std::string> canonical_network(std::string_view text);

}  // namespace gantry::limits
