// IP networks: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7". IPv4-mapped IPv6 addresses count as IPv4.
// Must not know: sockets, who is let in.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gantry {

class Cidr {
 public:
  /// An address alone means that one address. Nothing when the text is no address, the prefix length does not fit or
  /// bits below the prefix are set ("10.1.0.0/8" is a slip of the pen more often than a wish).
  [[nodiscard]] static std::optional<Cidr> parse(std::string_view text);

  /// False for text that is no address.
  [[nodiscard]] bool contains(std::string_view address) const;

 private:
  std::array<std::uint8_t, 16> network_{};
  unsigned bits_ = 0;  ///< of the 128-bit form; IPv4 lives below ::ffff:0:0/96
};

}  // namespace gantry
