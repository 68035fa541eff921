#include "ftp/checksums.hpp"

#include <gtest/gtest.h>

namespace gantry::ftp {
namespace {

using digest::Algorithm;

Features features(std::vector<std::string> lines) {
  lines.insert(lines.begin(), "Extensions supported:");
  lines.emplace_back("End");
  return Features(Reply{211, std::move(lines)});
}

std::vector<Algorithm> algorithms(const Features& of) {
  std::vector<Algorithm> all;
  for (const ChecksumWay& way : checksum_ways(of)) all.push_back(way.algorithm);
  return all;
}

TEST(Checksums, StrongestFirstButTheStrongOneTheServerPrefersBeforeAll) {
  EXPECT_EQ(algorithms(features({" HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32;CRC64;"})),
            (std::vector{Algorithm::sha256, Algorithm::sha512, Algorithm::sha1, Algorithm::md5, Algorithm::crc64,
                         Algorithm::crc32}));
  EXPECT_EQ(algorithms(features({" HASH CRC32*;MD5;SHA-512"})),
            (std::vector{Algorithm::sha512, Algorithm::md5, Algorithm::crc32}));
}

TEST(Checksums, OneWayForEachAlgorithmAndRangesWin) {
  const auto ways = checksum_ways(features({" HASH MD5;SHA-1*", " XMD5", " XCRC filename;start;end", " MD5"}));
  EXPECT_EQ(ways, (std::vector<ChecksumWay>{{Algorithm::sha1, ChecksumStyle::hash, "SHA-1", false},
                                            {Algorithm::md5, ChecksumStyle::older, "XMD5", true},
                                            {Algorithm::crc32, ChecksumStyle::older, "XCRC", true}}));
  EXPECT_TRUE(checksum_ways(features({" SIZE", " HASH", " HASH ;;*"})).empty());
}

TEST(Checksums, TheAlgorithmInUseIsTheStarredOneOrTheFirst) {
  EXPECT_EQ(default_hash(features({" HASH SHA-512;SHA-256*;MD5"})), "SHA-256");
  EXPECT_EQ(default_hash(features({" HASH SHA-512;SHA-256"})), "SHA-512");
  EXPECT_EQ(default_hash(features({" SIZE"})), "");
}

TEST(Checksums, NamesAreQuotedWherePositionsMayFollow) {
  const ChecksumWay older{Algorithm::sha256, ChecksumStyle::older, "XSHA256", true};
  EXPECT_EQ(checksum_command(older, "/a \"b\" c", {}), R"(XSHA256 "/a ""b"" c")");
  EXPECT_EQ(checksum_command(older, "/a", {100, 50}), R"(XSHA256 "/a" 100 150)");
  EXPECT_EQ(checksum_command({Algorithm::md5, ChecksumStyle::hash, "MD5", true}, "/a b", {1, 2}), "HASH /a b");
}

TEST(Checksums, ReadsTheAnswersOfServers) {
  const ChecksumWay hash{Algorithm::crc32, ChecksumStyle::hash, "CRC32", true};
  EXPECT_EQ(parse_checksum(hash, {}, {213, {"CRC32 0-49 5A3C66D1 /a b"}}), "5a3c66d1");
  EXPECT_EQ(parse_checksum(hash, {10, 40}, {213, {"CRC32 10-49 5a3c66d1 /a"}}), "5a3c66d1");
  const ChecksumWay older{Algorithm::crc32, ChecksumStyle::older, "XCRC", true};
  EXPECT_EQ(parse_checksum(older, {}, {250, {"Computing", "A3C66D1"}}), "0a3c66d1") << "leading zeros are left out";
  const ChecksumWay md5{Algorithm::md5, ChecksumStyle::md5, "MD5", false};
  EXPECT_EQ(parse_checksum(md5, {}, {251, {"/a b D41D8CD98F00B204E9800998ECF8427E"}}),
            "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Checksums, AnAnswerToAnotherQuestionIsNone) {
  const ChecksumWay hash{Algorithm::crc32, ChecksumStyle::hash, "CRC32", true};
  EXPECT_EQ(parse_checksum(hash, {10, 40}, {213, {"CRC32 0-49 5a3c66d1 /a"}}), std::nullopt) << "RANG was not heard";
  EXPECT_EQ(parse_checksum(hash, {}, {213, {"MD5 0-49 d41d8cd98f00b204e9800998ecf8427e /a"}}), std::nullopt);
  EXPECT_EQ(parse_checksum(hash, {}, {550, {"CRC32 0-49 5a3c66d1 /a"}}), std::nullopt);
  EXPECT_EQ(parse_checksum(hash, {}, {213, {"CRC32 0-49"}}), std::nullopt);
  const ChecksumWay older{Algorithm::sha256, ChecksumStyle::older, "XSHA256", true};
  for (const char* text : {"", "OK", "xyz", "d41d8cd98f00b204e9800998ecf8427e"})
    EXPECT_EQ(parse_checksum(older, {}, {250, {text}}), std::nullopt) << text;
  EXPECT_EQ(parse_checksum(older, {}, {250, {}}), std::nullopt);
}

}  // namespace
}  // namespace gantry::ftp
