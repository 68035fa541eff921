#include "proto/command_line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gantry::proto {
namespace {

TEST(ParseCommand, SplitsAtTheFirstBlank) {
  struct Case {
    std::string line;
    CommandLine wanted;
  };
  const Case cases[] = {
      {"NOOP", {"NOOP", "", false}},
      {"noop", {"NOOP", "", false}},
      {"NOOP ", {"NOOP", "", true}},
      {"CWD a", {"CWD", "a", true}},
      {"cwd Dir", {"CWD", "Dir", true}},
      {"CWD  /", {"CWD", " /", true}},
      {"CWD a  ", {"CWD", "a  ", true}},
      {"CWD a b  c", {"CWD", "a b  c", true}},
      {"CWD\ta", {"CWD\tA", "", false}},
      {" CWD a", {"", "CWD a", true}},
      {"", {"", "", false}},
      {" ", {"", "", true}},
      {"\xE4\xFF"
       "a x",
       {"\xE4\xFF"
        "A",
        "x", true}},
  };
  for (const Case& one : cases) EXPECT_EQ(parse_command(one.line), one.wanted) << one.line;
}

TEST(ParseCommand, CutsVerbsNobodyHas) {
  EXPECT_EQ(parse_command(std::string(4000, 'a') + " b"), (CommandLine{std::string(max_verb_bytes, 'A'), "b", true}));
  EXPECT_EQ(parse_command(std::string(4000, 'a')).verb.size(), max_verb_bytes);
}

bool foreign(const std::string& line) { return looks_like_http_or_smtp(parse_command(line), line); }

TEST(ForeignProtocol, IsSeen) {
  for (const char* line : {"GET / HTTP/1.1",
                           "get /",
                           "POST /x HTTP/1.1",
                           "HEAD / HTTP/1.0",
                           "PUT /a HTTP/1.1",
                           "put /a http/1.1",
                           "DELETE /a HTTP/1.1",
                           "OPTIONS *",
                           "OPTIONS * HTTP/1.1",
                           "OPTIONS / HTTP/1.1",
                           "CONNECT a:443 HTTP/1.1",
                           "PRI * HTTP/2.0",
                           "EHLO mail.example",
                           "HELO x",
                           "MAIL FROM:<a@example.com>",
                           "rcpt to:<b@example.com>",
                           "Host: example.com",
                           "Host:example.com",
                           "User-Agent: x",
                           "Content-Length: 3",
                           "X_y: z",
                           "HOST: a"})
    EXPECT_TRUE(foreign(line)) << line;
}

TEST(ForeignProtocol, FtpIsNotTakenForIt) {
  for (const char* line : {"",
                           " ",
                           "USER a",
                           "PASS Host: x",
                           "HOST ftp.example.com",
                           "HOST [::1]",
                           "RETR GET / HTTP/1.1",
                           "STOR a HTTP/1.1",
                           "CWD a:b",
                           "OPTS UTF8 ON",
                           "EPRT |2|::1|21|",
                           "HELP",
                           "STAT",
                           "PUT a",
                           "DELETE a",
                           "MAIL",
                           "MAIL bob",
                           ": x",
                           "CLNT lftp/4:9",
                           "SITE UTIME x: y",
                           "MFMT 20240101000000 a: b",
                           "GETX",
                           "EHLOX a"})
    EXPECT_FALSE(foreign(line)) << line;
}

}  // namespace
}  // namespace gantry::proto
