#include "proto/reply.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

using namespace std::string_literals;

TEST(Reply, OneLine) {
  EXPECT_EQ(to_wire(reply(220, "Ready")), "220 Ready\r\n");
  EXPECT_EQ(to_wire(reply(200, "")), "200 \r\n");
  EXPECT_EQ(to_wire(Reply{200, {}}), "200 \r\n");
}

TEST(Reply, ManyLines) {
  EXPECT_EQ(to_wire(multiline(211, "Features:", {"MDTM", "REST STREAM"}, "End")),
            "211-Features:\r\n MDTM\r\n REST STREAM\r\n211 End\r\n");
  EXPECT_EQ(to_wire(multiline(211, "a", {}, "b")), "211-a\r\n211 b\r\n");
}

TEST(Reply, BodyCannotFakeTheEnd) {
  EXPECT_EQ(to_wire(multiline(213, "Status:", {"213 End", "213-x", ""}, "End")),
            "213-Status:\r\n 213 End\r\n 213-x\r\n \r\n213 End\r\n");
}

TEST(Reply, TextCannotForgeALine) {
  EXPECT_EQ(to_wire(reply(500, "a\r\n230 Logged in\n\0\x1b\x7f"s)),
            "500 a\\x0d\\x0a230 Logged in\\x0a\\x00\\x1b\\x7f\r\n");
  EXPECT_EQ(to_wire(multiline(211, "a\nb", {"c\rd"}, "e\nf")), "211-a\\x0ab\r\n c\\x0dd\r\n211 e\\x0af\r\n");
}

TEST(Reply, NamesPassAsTheyAre) { EXPECT_EQ(to_wire(reply(257, "\"/\xC3\xA4 \x80\"")), "257 \"/\xC3\xA4 \x80\"\r\n"); }

TEST(Reply, IacIsDoubled) {
  EXPECT_EQ(to_wire(reply(257,
                          "a\xFF"
                          "b\xFF\xFF")),
            "257 a\xFF\xFF"
            "b\xFF\xFF\xFF\xFF\r\n");
  EXPECT_EQ(to_wire(multiline(250, "x", {"\xFF"}, "y")), "250-x\r\n \xFF\xFF\r\n250 y\r\n");
}

TEST(QuotePath, DoublesQuotes) {
  EXPECT_EQ(quote_path("/"), "\"/\"");
  EXPECT_EQ(quote_path("/a b"), "\"/a b\"");
  EXPECT_EQ(quote_path("/a\"b"), "\"/a\"\"b\"");
  EXPECT_EQ(quote_path("\"\""), "\"\"\"\"\"\"");
}

}  // namespace
}  // namespace gantry::proto
