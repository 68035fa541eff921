#include "proto/host_port.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

using namespace std::string_literals;
using Family = HostPort::Family;

TEST(Port, Parses) {
  EXPECT_EQ(parse_port("192,0,2,1,8,73"), (HostPort{Family::ipv4, "192.0.2.1", 2121}));
  EXPECT_EQ(parse_port("0,0,0,0,0,1"), (HostPort{Family::ipv4, "0.0.0.0", 1}));
  EXPECT_EQ(parse_port("255,255,255,255,255,255"), (HostPort{Family::ipv4, "255.255.255.255", 65535}));
  EXPECT_EQ(parse_port("010,0,002,1,008,73"), (HostPort{Family::ipv4, "10.0.2.1", 2121})) << "decimal, never octal";
}

TEST(Port, RefusesEverythingElse) {
  const std::string cases[] = {"",
                               ",",
                               ",,,,,",
                               "1,2,3,4,5",
                               "1,2,3,4,5,6,7",
                               "1,2,3,4,5,",
                               ",1,2,3,4,5,6",
                               "256,0,0,1,1,1",
                               "1,2,3,4,256,1",
                               "1,2,3,4,1,256",
                               "1,2,3,4,0,0",
                               "-1,2,3,4,5,6",
                               "+1,2,3,4,5,6",
                               " 1,2,3,4,5,6",
                               "1,2,3,4,5,6 ",
                               "1, 2,3,4,5,6",
                               "1.2.3.4,5,6",
                               "0x1,2,3,4,5,6",
                               "a,2,3,4,5,6",
                               "1,2,3,4,5,6x",
                               "1,2,3,4,5,0006",
                               "1,2,3,4,5,4294967297",
                               "1,2,3,4,5,"s + std::string(255, '1'),
                               std::string(255, '0') + ",2,3,4,5,6",
                               "1,2,3,4,5,6\0"s,
                               std::string(100'000, ',')};
  for (const std::string& one : cases) {
    auto parsed = parse_port(one);
    ASSERT_FALSE(parsed) << one.substr(0, 40);
    EXPECT_EQ(parsed.error(), HostPortError::syntax);
  }
}

TEST(Eprt, Parses) {
  EXPECT_EQ(parse_eprt("|1|192.0.2.1|2121|"), (HostPort{Family::ipv4, "192.0.2.1", 2121}));
  EXPECT_EQ(parse_eprt("|2|2001:DB8:0:0::1|65535|"), (HostPort{Family::ipv6, "2001:db8::1", 65535}));
  EXPECT_EQ(parse_eprt("!2!::1!1!"), (HostPort{Family::ipv6, "::1", 1}));
  EXPECT_EQ(parse_eprt("|2|::ffff:192.0.2.1|2121|"), (HostPort{Family::ipv6, "::ffff:192.0.2.1", 2121}))
      << "the caller sees that it is mapped";
  EXPECT_EQ(parse_eprt("|2|ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255|00021|")->port, 21);
}

TEST(Eprt, UnknownFamilyIsToldApart) {
  for (const char* one : {"|3|x|2121|", "|0|192.0.2.1|2121|", "|65535||1|", "|3|::1|99999|"})
    EXPECT_EQ(parse_eprt(one), std::unexpected(HostPortError::unsupported_family)) << one;
}

TEST(Eprt, RefusesEverythingElse) {
  const std::string cases[] = {"",
                               "|",
                               "||",
                               "|||",
                               "||||",
                               "|||||",
                               "|1|192.0.2.1|2121",
                               "1|192.0.2.1|2121|",
                               "|1|192.0.2.1|2121|x",
                               "|1|192.0.2.1|2121||",
                               "|1|192.0.2.1|65536|",
                               "|1|192.0.2.1|99999|",
                               "|1|192.0.2.1|0|",
                               "|1|192.0.2.1|-1|",
                               "|1|192.0.2.1|+21|",
                               "|1|192.0.2.1||",
                               "|1|192.0.2.1| 21|",
                               "|1|192.0.2|2121|",
                               "|1|192.0.2.256|2121|",
                               "|1|192.0.2.01|2121|",
                               "|1|::1|2121|",
                               "|2|192.0.2.1|2121|",
                               "|2|fe80::1%eth0|2121|",
                               "|2|[::1]|2121|",
                               "|2|::1::|2121|",
                               "|1|host.example|2121|",
                               "||::1|2121|",
                               "|x|::1|2121|",
                               "|-1|::1|2121|",
                               "|99999|::1|2121|",
                               "|4294967297|::1|2121|",
                               "|1|192.0.2.1|4294967317|",
                               "|18446744073709551617|192.0.2.1|21|",
                               "|1|192.0.2.1|"s + std::string(255, '1') + "|",
                               "1119211",
                               ".1.x.1.",
                               ":2:x:1:",
                               "a1a192.0.2.1a21a",
                               " 1 192.0.2.1 21 ",
                               "\x01"
                               "1\x01"
                               "192.0.2.1\x01"
                               "21\x01",
                               "\xFF"
                               "1\xFF"
                               "192.0.2.1\xFF"
                               "21\xFF",
                               "|1|192.0.2.1\0|21|"s,
                               "|1|192.0.2.1\0x|21|"s,
                               "|2|" + std::string(100'000, ':') + "|21|"};
  for (const std::string& one : cases)
    EXPECT_EQ(parse_eprt(one), std::unexpected(HostPortError::syntax)) << one.substr(0, 60);
}

TEST(Epsv, Parses) {
  struct Case {
    std::string argument;
    EpsvArgument wanted;
  };
  const Case cases[] = {{"", EpsvArgument::none},
                        {" ", EpsvArgument::none},
                        {"1", EpsvArgument::ipv4},
                        {"2", EpsvArgument::ipv6},
                        {"ALL", EpsvArgument::all},
                        {"all", EpsvArgument::all},
                        {"3", EpsvArgument::unsupported},
                        {"0", EpsvArgument::unsupported},
                        {"65535", EpsvArgument::unsupported},
                        {"65537", EpsvArgument::syntax},
                        {"-1", EpsvArgument::syntax},
                        {"1 2", EpsvArgument::syntax},
                        {"ALLX", EpsvArgument::syntax},
                        {"4294967297", EpsvArgument::syntax},
                        {std::string(255, '1'), EpsvArgument::syntax}};
  for (const Case& one : cases) EXPECT_EQ(parse_epsv(one.argument), one.wanted) << one.argument;
}

TEST(Format, PassiveReplies) {
  EXPECT_EQ(format_pasv("192.0.2.1", 2121), "(192,0,2,1,8,73)");
  EXPECT_EQ(format_pasv("10.0.0.1", 255), "(10,0,0,1,0,255)");
  EXPECT_EQ(format_pasv("10.0.0.1", 65535), "(10,0,0,1,255,255)");
  EXPECT_EQ(format_epsv(65535), "(|||65535|)");
}

TEST(Format, PasvAndPortAgree) {
  for (unsigned port = 1; port <= 65535; port += 257) {
    std::string text = format_pasv("127.0.0.1", static_cast<std::uint16_t>(port));
    EXPECT_EQ(parse_port(text.substr(1, text.size() - 2))->port, port);
  }
}

}  // namespace
}  // namespace gantry::proto
