#include "proto/line_reader.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace gantry::proto {
namespace {

using namespace std::string_literals;
using Kind = Line::Kind;

Line command(std::string text) { return {Kind::command, std::move(text)}; }
const Line bad{Kind::bad_byte, {}};
const Line too_long{Kind::too_long, {}};

std::vector<Line> take_all(LineReader& reader) {
  std::vector<Line> lines;
  while (auto line = reader.next()) lines.push_back(std::move(*line));
  return lines;
}

std::vector<Line> read(std::string_view bytes, std::size_t limit = 4096) {
  LineReader reader(limit);
  reader.feed(bytes);
  return take_all(reader);
}

struct Case {
  std::string name;
  std::string bytes;
  std::vector<Line> lines;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"one", "NOOP\r\n", {command("NOOP")}},
      {"bare LF ends a line", "NOOP\nPWD\r\n", {command("NOOP"), command("PWD")}},
      {"pipelined", "USER a\r\nPASS b\r\nPWD\r\n", {command("USER a"), command("PASS b"), command("PWD")}},
      {"empty lines", "\r\n\n\r\nPWD\r\n", {command(""), command(""), command(""), command("PWD")}},
      {"unfinished", "NOOP\r\nPW", {command("NOOP")}},
      {"blanks stay", "CWD  a \r\n", {command("CWD  a ")}},
      {"high bytes stay", "CWD \xC3\xA4\x80\xFE\r\n", {command("CWD \xC3\xA4\x80\xFE")}},
      {"tab stays", "CWD a\tb\r\n", {command("CWD a\tb")}},
      {"IAC IAC is 0xFF",
       "CWD a\xFF\xFF"
       "b\r\n",
       {command("CWD a\xFF"
                "b")}},
      {"negotiation",
       "\xFF\xFB\x01\xFF\xFD\x03"
       "PW\xFF\xFC\x1F"
       "D\xFF\xFE\x22\r\n",
       {command("PWD")}},
      {"an option byte may be anything", "PWD\xFF\xFD\n\r\n", {command("PWD")}},
      {"ABOR after IP and Synch",
       "\xFF\xF4\xFF\xF2"
       "ABOR\r\n",
       {command("ABOR")}},
      {"urgent DM taken away",
       "\xFF\xF4\xFF"
       "ABOR\r\n",
       {command("ABOR")}},
      {"urgent IAC taken away",
       "\xFF\xF4\xF2"
       "ABOR\r\n",
       {command("ABOR")}},
      {"only a stray DM",
       "\xF2"
       "ABOR\r\n",
       {command("ABOR")}},
      {"only a stray IP",
       "\xF4\xF2"
       "ABOR\r\n",
       {command("ABOR")}},
      {"IAC twice, then codes",
       "\xFF\xFF\xF4\xF2"
       "ABOR\r\n",
       {command("ABOR")}},
      {"codes between lines",
       "PWD\r\n\xFF\xF4\xFF\xF2"
       "ABOR\r\nNOOP\r\n",
       {command("PWD"), command("ABOR"), command("NOOP")}},
      {"IAC before the line end", "PWD\xFF\r\n", {command("PWD")}},
      {"IAC between CR and LF", "PWD\r\xFF\xF1\n", {command("PWD")}},
      {"stray codes inside a name stay", "CWD a\xF2\xF4\r\n", {command("CWD a\xF2\xF4")}},
      {"NUL", "CWD a\0b\r\nPWD\r\n"s, {bad, command("PWD")}},
      {"NUL alone", "\0\r\n"s, {bad}},
      {"bare CR", "CWD a\rb\r\nPWD\r\n", {bad, command("PWD")}},
      {"Telnet CR NUL", "CWD a\r\0b\r\nPWD\r\n"s, {bad, command("PWD")}},
      {"CR NUL at the end", "PWD\r\0\r\n"s, {bad}},
      {"CR CR LF", "PWD\r\r\nNOOP\r\n", {bad, command("NOOP")}},
      {"CR first", "\rPWD\r\n", {bad}},
      {"CR then stray DM", "\r\xF2PWD\r\n", {bad}},
  };
  return all;
}

TEST(LineReader, ReadsWhole) {
  for (const Case& one : cases()) EXPECT_EQ(read(one.bytes), one.lines) << one.name;
}

TEST(LineReader, ReadsTheSameSplitAtEveryByte) {
  for (const Case& one : cases()) {
    for (std::size_t cut = 0; cut <= one.bytes.size(); ++cut) {
      LineReader reader;
      std::vector<Line> lines;
      for (std::string_view part :
           {std::string_view(one.bytes).substr(0, cut), std::string_view(one.bytes).substr(cut)}) {
        reader.feed(part);
        for (Line& line : take_all(reader)) lines.push_back(std::move(line));
      }
      EXPECT_EQ(lines, one.lines) << one.name << " cut at " << cut;
    }
  }
}

TEST(LineReader, ReadsTheSameByteByByte) {
  for (const Case& one : cases()) {
    LineReader reader;
    std::vector<Line> lines;
    for (char c : one.bytes) {
      reader.feed({&c, 1});
      for (Line& line : take_all(reader)) lines.push_back(std::move(line));
    }
    EXPECT_EQ(lines, one.lines) << one.name;
  }
}

TEST(LineReader, LimitIsExact) {
  EXPECT_EQ(read("12345678\r\n", 8), std::vector{command("12345678")});
  EXPECT_EQ(read("123456789\r\nPWD\r\n", 8), (std::vector{too_long, command("PWD")}));
  // A doubled IAC is one byte of the line; Telnet codes are none.
  EXPECT_EQ(read("CWD \xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\r\n", 8), std::vector{command("CWD \xFF\xFF\xFF\xFF")});
  EXPECT_EQ(read("\xFF\xF1\xFF\xF1\xFF\xF1\xFF\xF1"
                 "12345678\r\n",
                 8),
            std::vector{command("12345678")});
}

TEST(LineReader, LongLineIsReportedOnceAtOnceAndItsTailIsNoCommand) {
  LineReader reader(16);
  reader.feed(std::string(17, 'x'));
  EXPECT_EQ(take_all(reader), std::vector{too_long});
  for (int i = 0; i < 32; ++i) {
    reader.feed(std::string(LineReader::max_feed, 'x'));
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.buffered(), 0U) << "512 KB without an end must not pile up";
  }
  EXPECT_FALSE(reader.empty());
  reader.feed(" DELE /a\r\nNOOP\r\n");
  EXPECT_EQ(take_all(reader), std::vector{command("NOOP")});
}

TEST(LineReader, LongLineWithNulsIsTooLongToo) {
  EXPECT_EQ(read(std::string(20, '\0') + "\r\nPWD\r\n", 16), (std::vector{too_long, command("PWD")}));
  EXPECT_EQ(read(std::string(20, '\r') + "\nPWD\r\n", 16), (std::vector{too_long, command("PWD")}));
}

TEST(LineReader, EndlessTelnetCodesCostNoMemory) {
  LineReader reader;
  std::string codes;
  for (int i = 0; i < 4096; ++i) codes += "\xFF\xF1";
  for (int i = 0; i < 8; ++i) {
    reader.feed(codes);
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.buffered(), 0U);
  }
  EXPECT_TRUE(reader.empty());
}

TEST(LineReader, BufferedCountsWhatIsHeld) {
  LineReader reader;
  EXPECT_TRUE(reader.empty());
  reader.feed("PWD\r\nNOO");
  EXPECT_EQ(reader.buffered(), 8U);
  EXPECT_EQ(reader.next(), command("PWD"));
  EXPECT_EQ(reader.buffered(), 3U);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.buffered(), 3U);
  EXPECT_FALSE(reader.empty());
  reader.feed("P\r\n");
  EXPECT_EQ(reader.next(), command("NOOP"));
  EXPECT_TRUE(reader.empty());
}

TEST(LineReader, ClearForgetsEveryHalfOfAnything) {
  const std::vector<std::string> before{
      "USER x\r\nNOOP\r\n", "USER x", "USER x\r", "\xFF", "\xFF\xFD", "USER \0"s, std::string(5000, 'x'),
  };
  for (const std::string& bytes : before) {
    for (bool taken : {false, true}) {
      LineReader reader;
      reader.feed(bytes);
      if (taken) take_all(reader);
      reader.clear();
      EXPECT_TRUE(reader.empty());
      EXPECT_EQ(reader.buffered(), 0U);
      reader.feed("PBSZ 0\r\n");
      EXPECT_EQ(take_all(reader), std::vector{command("PBSZ 0")}) << bytes.substr(0, 10);
    }
  }
}

TEST(LineReader, ClearKeepsTheLimit) {
  LineReader reader(4);
  reader.clear();
  reader.feed("12345\r\n");
  EXPECT_EQ(take_all(reader), std::vector{too_long});
}

}  // namespace
}  // namespace gantry::proto
