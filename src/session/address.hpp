// IP addresses as FTP compares and prints them.
#pragma once

#include <boost/asio/ip/address.hpp>

namespace gantry::session {

/// An IPv4-mapped IPv6 address as the IPv4 address it stands for; everything else unchanged.
[[nodiscard]] inline boost::asio::ip::address unmapped(const boost::asio::ip::address& address) {
  namespace ip = boost::asio::ip;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

}  // namespace gantry::session
