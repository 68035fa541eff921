#include "proto/list_format.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

#include "proto/time_text.hpp"

namespace gantry::proto {
namespace {

using namespace std::string_literals;
using Kind = ListItem::Kind;

WallTime at(std::string_view text) { return parse_time_val(text).value(); }

ListItem file(std::string_view name) { return {.name = name, .size = 12, .mtime = at("20240102030405")}; }

std::string ls_line(const ListItem& item, WallTime now) {
  std::string line;
  append_ls_line(line, item, now);
  return line;
}

std::string mlsx_line(const ListItem& item, const MlsxFacts& facts) {
  std::string line;
  append_mlsx_line(line, item, facts);
  return line;
}

TEST(Listable, NamesThatForgeLinesAreNot) {
  EXPECT_TRUE(listable("a b\t\xFF;"));
  EXPECT_FALSE(listable(""));
  EXPECT_FALSE(listable("a\rb"));
  EXPECT_FALSE(listable("a\nb"));
  EXPECT_FALSE(listable("a\0b"s));
}

TEST(LsLine, Shape) {
  const WallTime now = at("20240301000000");
  EXPECT_EQ(ls_line(file("a b"), now), "-rw-r--r--   1 ftp      ftp                12 Jan  2 03:04 a b\r\n");
  ListItem directory = file(" d");
  directory.kind = Kind::directory;
  directory.size = 0;
  directory.owner = "alice";
  directory.group = "staff group";
  EXPECT_EQ(ls_line(directory, now), "drwxr-xr-x   1 alice    staff_group            0 Jan  2 03:04  d\r\n");
}

TEST(LsLine, Modes) {
  const WallTime now = at("20240301000000");
  ListItem item = file("x");
  struct Case {
    unsigned mode;
    const char* letters;
  };
  for (const Case& one : {Case{0, "----------"}, Case{0777, "-rwxrwxrwx"}, Case{0640, "-rw-r-----"},
                          Case{0751, "-rwxr-x--x"}, Case{07421, "-r---w---x"}}) {
    item.mode = one.mode;
    EXPECT_EQ(ls_line(item, now).substr(0, 10), one.letters) << one.mode;
  }
}

TEST(LsLine, LargeSizesKeepTheirDigits) {
  ListItem item = file("x");
  item.size = std::numeric_limits<std::uint64_t>::max();
  EXPECT_NE(ls_line(item, at("20240301000000")).find(" 18446744073709551615 Jan"), std::string::npos);
}

TEST(LsLine, LongOwnersMoveTheRest) {
  ListItem item = file("x");
  item.owner = "administrator";
  item.group = "exactly8";
  EXPECT_EQ(ls_line(item, at("20240301000000")),
            "-rw-r--r--   1 administrator exactly8           12 Jan  2 03:04 x\r\n");
}

TEST(LsLine, YearWhenOldOrInTheFuture) {
  struct Case {
    const char* time;
    const char* now;
    const char* wanted;
  };
  const Case cases[] = {
      {"20240229235959", "20240301000000", " Feb 29 23:59 x"},
      {"20240301000000", "20240301000000", " Mar  1 00:00 x"},
      {"20240301000000.001", "20240301000000", " Mar  1  2024 x"},
      {"20230901000000", "20240301000000", " Sep  1 00:00 x"},
      {"20230831000000", "20240301000000", " Aug 31  2023 x"},
      {"20250101000000", "20240301000000", " Jan  1  2025 x"},
      {"19700101000001", "20240301000000", " Jan  1  1970 x"},
      {"00010101000000", "20240301000000", " Jan  1     1 x"},
      {"99991231235959", "20240301000000", " Dec 31  9999 x"},
  };
  for (const Case& one : cases) {
    ListItem item = file("x");
    item.mtime = at(one.time);
    EXPECT_NE(ls_line(item, at(one.now)).find(one.wanted), std::string::npos) << one.time << ls_line(item, at(one.now));
  }
}

TEST(LsLine, ExtremeTimesDoNotOverflow) {
  ListItem item = file("x");
  for (WallTime time : {WallTime::min(), WallTime::max()}) {
    item.mtime = time;
    for (WallTime now : {WallTime::min(), at("20240301000000"), WallTime::max()})
      EXPECT_TRUE(ls_line(item, now).ends_with(" x\r\n"));
    EXPECT_TRUE(mlsx_line(item, MlsxFacts{}).starts_with("type=file;size=12;modify="));
  }
}

TEST(LsLine, UnknownTimeIsShownAsNow) {
  const ListItem item{.name = "d", .kind = ListItem::Kind::directory};
  EXPECT_TRUE(ls_line(item, at("20240102030405")).ends_with(" Jan  2 03:04 d\r\n"));
}

TEST(MlsxFacts, Defaults) {
  EXPECT_EQ(MlsxFacts{}.feat_line(), "MLST type*;size*;modify*;perm*;unique*;UNIX.mode*;UNIX.owner;UNIX.group;");
}

TEST(MlsxFacts, Select) {
  struct Case {
    const char* names;
    const char* text;
  };
  const Case cases[] = {
      {"Type;Size;", "MLST OPTS type;size;"},
      {"size;TYPE", "MLST OPTS type;size;"},
      {"", "MLST OPTS"},
      {";;;", "MLST OPTS"},
      {"bogus;x.y;", "MLST OPTS"},
      {"bogus;unix.OWNER;", "MLST OPTS UNIX.owner;"},
      {"type;type;type;", "MLST OPTS type;"},
      {"typ;types;UNIX", "MLST OPTS"},
      {"type;size;modify;perm;unique;UNIX.mode;UNIX.owner;UNIX.group;",
       "MLST OPTS type;size;modify;perm;unique;UNIX.mode;UNIX.owner;UNIX.group;"},
  };
  for (const Case& one : cases) EXPECT_EQ(MlsxFacts{}.select(one.names), one.text) << one.names;
}

TEST(MlsxFacts, SelectReplacesWhatWasOn) {
  MlsxFacts facts;
  facts.select("size;");
  EXPECT_TRUE(facts.has(Fact::size));
  EXPECT_FALSE(facts.has(Fact::type));
  EXPECT_EQ(facts.feat_line(), "MLST type;size*;modify;perm;unique;UNIX.mode;UNIX.owner;UNIX.group;");
}

ListItem full_item() {
  ListItem item = file(" a;b ");
  item.mode = 0644;
  item.owner = "alice";
  item.group = "staff";
  item.permissions_fact = "adfrw";
  item.unique = "\"e-1\"";
  return item;
}

TEST(MlsxLine, FileWithDefaults) {
  EXPECT_EQ(mlsx_line(full_item(), MlsxFacts{}),
            "type=file;size=12;modify=20240102030405;perm=adfrw;unique=\"e-1\";UNIX.mode=0644;  a;b \r\n");
}

TEST(MlsxLine, DirectoryHasNoSize) {
  ListItem item = full_item();
  item.kind = Kind::directory;
  EXPECT_EQ(mlsx_line(item, MlsxFacts{}),
            "type=dir;modify=20240102030405;perm=adfrw;unique=\"e-1\";UNIX.mode=0644;  a;b \r\n");
}

TEST(MlsxLine, UnknownFactsAreLeftOut) {
  EXPECT_EQ(mlsx_line({.name = "x"}, MlsxFacts{}), "type=file;size=0;perm=; x\r\n");
}

TEST(MlsxLine, NoFactsAtAll) {
  MlsxFacts facts;
  facts.select("");
  EXPECT_EQ(mlsx_line(full_item(), facts), "  a;b \r\n");
}

TEST(MlsxLine, ModeIsFourOctalDigits) {
  MlsxFacts facts;
  facts.select("UNIX.mode;");
  ListItem item = full_item();
  for (auto [mode, text] :
       {std::pair{0U, "0000"}, {07U, "0007"}, {0644U, "0644"}, {01777U, "1777"}, {0100644U, "0644"}}) {
    item.mode = mode;
    EXPECT_EQ(mlsx_line(item, facts), "UNIX.mode="s + text + ";  a;b \r\n");
  }
}

TEST(MlsxLine, ValuesCannotForgeFacts) {
  MlsxFacts facts;
  facts.select("unique;UNIX.owner;UNIX.group;");
  ListItem item = full_item();
  item.unique = "a;type=dir";
  item.owner = "b c";
  item.group = "d\r\ne";
  EXPECT_EQ(mlsx_line(item, facts), "unique=a_type=dir;UNIX.owner=b_c;UNIX.group=d__e;  a;b \r\n");
}

TEST(MlsxLine, Milliseconds) {
  MlsxFacts facts;
  facts.select("modify;");
  ListItem item = full_item();
  item.mtime = at("20240102030405.006");
  EXPECT_EQ(mlsx_line(item, facts), "modify=20240102030405.006;  a;b \r\n");
}

}  // namespace
}  // namespace gantry::proto
