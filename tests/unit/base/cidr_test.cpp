#include "base/cidr.hpp"

#include <gtest/gtest.h>

namespace gantry {
namespace {

bool within(const char* network, const char* address) {
  const auto cidr = Cidr::parse(network);
  return cidr && cidr->contains(address);
}

TEST(Cidr, NetworksHoldTheirAddressesOnly) {
  EXPECT_TRUE(within("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(within("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(within("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(within("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(within("192.0.2.7", "192.0.2.7"));
  EXPECT_FALSE(within("192.0.2.7", "192.0.2.6"));
  EXPECT_TRUE(within("0.0.0.0/0", "203.0.113.1"));
  EXPECT_TRUE(within("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(within("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(within("::1", "0:0:0:0:0:0:0:1"));
}

TEST(Cidr, FamiliesDoNotMixButMappedAddressesAreIpv4) {
  EXPECT_TRUE(within("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(within("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_FALSE(within("::/0", "10.1.2.3"));
  EXPECT_FALSE(within("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(within("::/0", "2001:db8::1"));
}

TEST(Cidr, BadTextIsRefused) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.1/8", "10.0.0/8", "::/129",
                           "2001:db8::1/32", "example.com", "10.0.0.0/8/8", " 10.0.0.1"})
    EXPECT_FALSE(Cidr::parse(text)) << text;
  EXPECT_FALSE(within("0.0.0.0/0", "not an address"));
}

}  // namespace
}  // namespace gantry
