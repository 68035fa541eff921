#include "ftp/entry.hpp"

#include <gtest/gtest.h>

namespace gantry::ftp {
namespace {

using namespace std::chrono;

WallTime day(int y, unsigned m, unsigned d, minutes of_day = minutes(0)) {
  return WallTime(sys_days(year_month_day(year(y), month(m), std::chrono::day(d)))) + of_day;
}

const WallTime now = day(2026, 3, 10, 12h);

TEST(Facts, ReadsWhatServersSend) {
  const auto entry = parse_facts(
      "Type=file;Size=1234;Modify=20240102030405.5;Perm=adfrw;UNIX.mode=0644;UNIX.owner=33;UNIX.ownername=www;"
      "UNIX.group=33; a; name");
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "a; name");
  EXPECT_EQ(entry->kind, Kind::file);
  EXPECT_EQ(entry->size, 1234);
  EXPECT_EQ(entry->modified, day(2024, 1, 2) + 3h + 4min + 5s + 500ms);
  EXPECT_TRUE(entry->exact_time);
  EXPECT_EQ(entry->permissions, "rw-r--r--");
  EXPECT_EQ(entry->owner, "www");
  EXPECT_EQ(entry->group, "33");
}

TEST(Facts, KindsAndLinks) {
  EXPECT_EQ(parse_facts("type=DIR;sizd=4096; d")->kind, Kind::directory);
  EXPECT_EQ(parse_facts("type=cdir; /whatever")->name, ".");
  EXPECT_EQ(parse_facts("type=pdir; /whatever")->name, "..");
  const auto link = parse_facts("type=OS.unix=slink:/a/b;size=4; l");
  EXPECT_EQ(link->kind, Kind::link);
  EXPECT_EQ(link->target, "/a/b");
  EXPECT_EQ(link->size, std::nullopt) << "it would be the length of the target's name";
  EXPECT_EQ(parse_facts("type=OS.unix=symlink; l")->kind, Kind::link);
  EXPECT_EQ(parse_facts("type=OS.unix=chr-1/3; null")->kind, Kind::other);
}

TEST(Facts, NamesAreTakenWhole) {
  EXPECT_EQ(parse_facts("size=1;  leading and trailing ")->name, " leading and trailing ");
  EXPECT_EQ(parse_facts(" no facts")->name, "no facts");
  EXPECT_EQ(parse_facts("size=1; \xFF\xFE")->name, "\xFF\xFE");
  EXPECT_EQ(parse_facts("size=1; a=b;c")->name, "a=b;c");
}

TEST(Facts, BadValuesAreUnknownNotWrong) {
  for (const char* size : {"-1", "18446744073709551615", "99999999999999999999999", "0x10", "", "1e3", "+5"}) {
    const auto entry = parse_facts("type=file;size=" + std::string(size) + "; f");
    ASSERT_TRUE(entry) << size;
    EXPECT_EQ(entry->size, std::nullopt) << size;
  }
  for (const char* time : {"20240230000000", "2024", "191240102030405", "x"}) {
    const auto entry = parse_facts("modify=" + std::string(time) + "; f");
    EXPECT_EQ(entry->modified, std::nullopt) << time;
    EXPECT_FALSE(entry->exact_time);
  }
  EXPECT_EQ(parse_facts("UNIX.mode=0o755; f")->permissions, "rwxr-xr-x");
  EXPECT_EQ(parse_facts("UNIX.mode=9999;perm=r; f")->permissions, "r");
  EXPECT_FALSE(parse_facts("type=file;perm=adfRw; f")->unreadable);
  EXPECT_TRUE(parse_facts("type=file;UNIX.mode=0644;perm=adfw; f")->unreadable);
  EXPECT_TRUE(parse_facts("type=file;perm=; f")->unreadable);
  EXPECT_FALSE(parse_facts("type=file;UNIX.mode=0200; f")->unreadable) << "what others may is not what we may";
  EXPECT_FALSE(parse_facts("type=dir;perm=el; d")->unreadable);
}

TEST(Facts, WhatIsNoFactLineIsNone) {
  for (const char* line : {"", " ", "type=file;", "name", "500 unknown command", "Volume full;of words name"})
    EXPECT_EQ(parse_facts(line), std::nullopt) << line;
  EXPECT_EQ(parse_facts("size=1; " + std::string(longest_listing_line, 'a')), std::nullopt);
}

TEST(ListLine, UnixAsServersPrintIt) {
  struct Case {
    const char* line;
    Entry entry;
  };
  const WallTime recent = day(2026, 1, 31, 9h + 15min);
  const std::vector<Case> cases{
      // vsftpd
      {"-rw-r--r--    1 0        0            1234 Jan 31 09:15 a b",
       {"a b", Kind::file, 1234, recent, false, "rw-r--r--", "0", "0"}},
      // ProFTPD
      {"drwxr-xr-x   2 ftp      nogroup      4096 Jan 31  2024 dir",
       {"dir", Kind::directory, std::nullopt, day(2024, 1, 31), false, "rwxr-xr-x", "ftp", "nogroup"}},
      // Pure-FTPd, pyftpdlib, gantryd
      {"lrwxrwxrwx    1 1000       1000                4 Jan 31 09:15 link -> name",
       {"link", Kind::link, std::nullopt, recent, false, "rwxrwxrwx", "1000", "1000", "name"}},
      // no group; neither links nor group; nothing but the size
      {"-rw-r--r--   1 alice 12 Jan 31 09:15 f", {"f", Kind::file, 12, recent, false, "rw-r--r--", "alice"}},
      {"-rw-r--r-- alice 12 Jan 31 09:15 f", {"f", Kind::file, 12, recent, false, "rw-r--r--", "alice"}},
      {"-rw-r--r-- 12 Jan 31 09:15 f", {"f", Kind::file, 12, recent, false, "rw-r--r--"}},
      // groups with blanks, access lists, owners that look like months
      {"-rwsr-xr-t+  1 alice Domain Users 12 Jan 31 09:15 f",
       {"f", Kind::file, 12, recent, false, "rwsr-xr-t", "alice", "Domain Users"}},
      {"-rw-r--r--   1 may 31 12 Jan 31 09:15 f", {"f", Kind::file, 12, recent, false, "rw-r--r--", "may", "31"}},
      // devices
      {"brw-rw----   1 root disk   8,   1 Jan 31 09:15 sda1",
       {"sda1", Kind::other, std::nullopt, recent, false, "rw-rw----", "root", "disk"}},
      // names with blanks at both ends, with a date, with an arrow
      {"-rw-r--r-- 1 a b 12 Jan 31 09:15   x ", {"  x ", Kind::file, 12, recent, false, "rw-r--r--", "a", "b"}},
      {"-rw-r--r-- 1 a b 12 Jan 31 09:15 7 Feb 3 2020 x",
       {"7 Feb 3 2020 x", Kind::file, 12, recent, false, "rw-r--r--", "a", "b"}},
      {"-rw-r--r-- 1 a b 12 Jan 31 09:15 x -> y", {"x -> y", Kind::file, 12, recent, false, "rw-r--r--", "a", "b"}},
      {"lrwxrwxrwx 1 a b 1 Jan 31 09:15 x -> y -> z",
       {"x -> y", Kind::link, std::nullopt, recent, false, "rwxrwxrwx", "a", "b", "z"}},
      // ls --time-style=long-iso
      {"-rw-r--r-- 1 a b 12 2026-01-31 09:15 x", {"x", Kind::file, 12, recent, false, "rw-r--r--", "a", "b"}},
  };
  for (const Case& one : cases) {
    const auto entry = parse_list_line(one.line, now);
    ASSERT_TRUE(entry) << one.line;
    EXPECT_EQ(*entry, one.entry) << one.line;
  }
}

TEST(ListLine, TheYearLeftOutIsTheLatestThatFits) {
  const auto time = [](const char* when, WallTime at) {
    const auto entry = parse_list_line("-rw-r--r-- 1 a b 1 " + std::string(when) + " f", at);
    return entry ? entry->modified : std::nullopt;
  };
  EXPECT_EQ(time("Mar 10 23:59", now), day(2026, 3, 10, 23h + 59min)) << "the server may be in another zone";
  EXPECT_EQ(time("Mar 12 00:00", now), day(2025, 3, 12));
  EXPECT_EQ(time("Dec 31 23:00", now), day(2025, 12, 31, 23h));
  EXPECT_EQ(time("Jan  1 00:10", day(2025, 12, 31, 23h)), day(2026, 1, 1, 10min));
  EXPECT_EQ(time("Feb 29 08:00", now), day(2024, 2, 29, 8h));
  EXPECT_EQ(time("Feb 29 08:00", day(2024, 3, 1)), day(2024, 2, 29, 8h));
  EXPECT_EQ(time("Feb 29  2024", now), day(2024, 2, 29));
  EXPECT_EQ(time("Feb 29  2023", now), std::nullopt) << "no such day";
}

TEST(ListLine, WindowsAsIisPrintsIt) {
  EXPECT_EQ(parse_list_line("01-31-26  09:15AM       <DIR>          a b", now),
            (Entry{"a b", Kind::directory, std::nullopt, day(2026, 1, 31, 9h + 15min)}));
  EXPECT_EQ(parse_list_line("01-31-2026  12:05AM                 1234 f.txt", now),
            (Entry{"f.txt", Kind::file, 1234, day(2026, 1, 31, 5min)}));
  EXPECT_EQ(parse_list_line("01-31-26  12:05PM                 1234  f", now),
            (Entry{" f", Kind::file, 1234, day(2026, 1, 31, 12h + 5min)}));
  EXPECT_EQ(parse_list_line("01-31-99  21:15                 1234 f", now),
            (Entry{"f", Kind::file, 1234, day(1999, 1, 31, 21h + 15min)}));
  const auto link = parse_list_line("01-31-26  09:15AM    <JUNCTION>     there [C:\\data]", now);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->kind, Kind::link);
  EXPECT_EQ(link->name, "there");
  EXPECT_EQ(link->target, "C:\\data");
}

TEST(ListLine, WhatIsNoEntryIsNone) {
  for (const char* line :
       {"", " ", "total 12", "-rw-r--r--", "-rw-r--r-- 1 a b 12 Jan 31 09:15", "-rw-r--r-- 1 a b 12 Jan 31 09:15 ",
        "-rw-r--r-- 1 a b -5 Jan 31 09:15 f", "-rw-r--r-- 1 a b 12 Jan 32 09:15 f",
        "-rw-r--r-- 1 a b 12 Jan 31 25:15 f", "drwxr-xr-x 2 a b c d e f g h i j k l m n o p q 4096 Jan 31 09:15 far",
        "hello world this is no listing at all", "01-31-26  09:15AM", "01-31-26  09:15AM  <DIR>",
        "01-31-26  13:15PM  12 f", "13:15 01-31-26 12 f", "lrwxrwxrwx 1 a b 1 Jan 31 09:15  -> z",
        "01-31-26  09:15AM  -12 f"})
    EXPECT_EQ(parse_list_line(line, now), std::nullopt) << line;
}

TEST(ListLine, HugeSizesAreNoEntryRatherThanSmallOnes) {
  EXPECT_EQ(parse_list_line("-rw-r--r-- 1 a b 99999999999999999999 Jan 31 09:15 f", now), std::nullopt);
  EXPECT_EQ(parse_list_line("-rw-r--r-- 1 a b 9223372036854775807 Jan 31 09:15 f", now)->size, 9223372036854775807U);
}

TEST(SafeName, OnlyNamesThatStayWhereTheyArePut) {
  for (const char* name : {"a", "...", "a b", "-rf", "|id", "~", "\xE6\x97\xA5", "\xFF", "\xC2\xA0", "a\\b", ".hidden"})
    EXPECT_TRUE(is_safe_name(name)) << name;
  for (const char* name : {"", ".", "..", "/", "a/b", "../a", "/etc/passwd", "a\nb", "a\x1B[2J", "a\x7F", "\xC2\x9B"})
    EXPECT_FALSE(is_safe_name(name)) << name;
  EXPECT_FALSE(is_safe_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace gantry::ftp
