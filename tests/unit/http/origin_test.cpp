#include <gtest/gtest.h>

#include "http/client.hpp"

namespace gantry::http {
namespace {

TEST(Origin, KnowsDefaultPorts) {
  EXPECT_EQ(parse_origin("http://example.com"), (Origin{false, "example.com", 80}));
  EXPECT_EQ(parse_origin("HTTPS://Example.COM"), (Origin{true, "example.com", 443}));
  EXPECT_EQ(parse_origin("http://127.0.0.1:9000"), (Origin{false, "127.0.0.1", 9000}));
  EXPECT_EQ(parse_origin("https://[::1]:8443"), (Origin{true, "::1", 8443}));
}

TEST(Origin, RefusesEverythingElse) {
  for (const char* text : {"", "example.com", "ftp://a", "http://", "http://a/", "http://a/path", "http://u@a",
                           "http://a:0", "http://a:65536", "http://a:", "http://a:x", "http://[::1", "http://a b",
                           "http://a?x", "http://[zz]", "http://a\r\nb"}) {
    EXPECT_FALSE(parse_origin(text)) << text;
  }
}

TEST(Origin, AuthorityNamesUnusualPortsOnly) {
  EXPECT_EQ((Origin{false, "a", 80}).authority(), "a");
  EXPECT_EQ((Origin{true, "a", 443}).authority(), "a");
  EXPECT_EQ((Origin{true, "a", 80}).authority(), "a:80");
  EXPECT_EQ((Origin{false, "::1", 80}).authority(), "[::1]");
  EXPECT_EQ((Origin{false, "::1", 81}).authority(), "[::1]:81");
}

}  // namespace
}  // namespace gantry::http
