#include "ftp/checksums.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "proto/quoted_names.hpp"

namespace gantry::ftp {
namespace {

using digest::Algorithm;

struct Strength {
  Algorithm algorithm;
  std::size_t digits;  ///< hexadecimal
};

constexpr std::array by_strength{Strength{Algorithm::sha512, 128}, Strength{Algorithm::sha256, 64},
                                 Strength{Algorithm::sha1, 40},    Strength{Algorithm::md5, 32},
                                 Strength{Algorithm::crc64, 16},   Strength{Algorithm::crc32c, 8},
                                 Strength{Algorithm::crc32, 8}};

struct OlderCommand {
  std::string_view name;
  Algorithm algorithm;
};

constexpr std::array older_commands{
    OlderCommand{"XSHA512", Algorithm::sha512}, OlderCommand{"XSHA256", Algorithm::sha256},
    OlderCommand{"XSHA1", Algorithm::sha1},     OlderCommand{"XSHA", Algorithm::sha1},
    OlderCommand{"XMD5", Algorithm::md5},       OlderCommand{"XCRC", Algorithm::crc32}};

std::size_t rank(Algorithm algorithm) {
  const auto place = std::ranges::find(by_strength, algorithm, &Strength::algorithm);
  return static_cast<std::size_t>(place - by_strength.begin());
}

bool strong(Algorithm algorithm) { return algorithm == Algorithm::sha512 || algorithm == Algorithm::sha256; }

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

/// Checked, in lower case; some servers print CRCs without their leading zeros.
std::optional<std::string> as_digest(Algorithm algorithm, std::string_view text) {
  const std::size_t digits = by_strength[rank(algorithm)].digits;
  const bool crc = digits <= 16;
  if (text.empty() || text.size() > digits || (text.size() < digits && !crc)) return std::nullopt;
  std::string hex = std::string(digits - text.size(), '0') + to_lower(text);
  if (hex.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  return hex;
}

/// "SHA-256*;MD5": the names, the star removed.
std::vector<std::string> hash_names(const Features& features, std::string* starred) {
  std::vector<std::string> names;
  const std::string offered = features.parameters("HASH");
  for (std::string_view name : split(offered, ';')) {
    name = trim(name);
    const bool star = name.ends_with('*');
    if (star) name.remove_suffix(1);
    if (name.empty()) continue;
    names.emplace_back(name);
    if (star && starred != nullptr) *starred = name;
  }
  return names;
}

}  // namespace

std::string default_hash(const Features& features) {
  std::string starred;
  const auto names = hash_names(features, &starred);
  if (starred.empty() && !names.empty()) return names.front();
  return starred;
}

std::vector<ChecksumWay> checksum_ways(const Features& features) {
  std::vector<ChecksumWay> ways;
  const auto add = [&](ChecksumWay way) {
    const auto same = std::ranges::find(ways, way.algorithm, &ChecksumWay::algorithm);
    if (same == ways.end())
      ways.push_back(std::move(way));
    else if (way.ranges && !same->ranges)
      *same = std::move(way);
  };
  const bool rang = features.has("RANG");
  for (const std::string& name : hash_names(features, nullptr))
    if (const auto algorithm = digest::parse_algorithm(name)) add({*algorithm, ChecksumStyle::hash, name, rang});
  for (const OlderCommand& older : older_commands)
    if (features.has(older.name)) add({older.algorithm, ChecksumStyle::older, std::string(older.name), true});
  if (features.has("MD5")) add({Algorithm::md5, ChecksumStyle::md5, "MD5", false});

  const auto preferred = digest::parse_algorithm(default_hash(features));
  std::ranges::sort(ways, {}, [&](const ChecksumWay& way) {
    return way.algorithm == preferred && strong(way.algorithm) ? std::size_t{0} : rank(way.algorithm) + 1;
  });
  return ways;
}

std::string checksum_command(const ChecksumWay& way, std::string_view path, ByteRange range) {
  if (way.style == ChecksumStyle::hash) return fmt::format("HASH {}", path);
  if (way.style == ChecksumStyle::md5) return fmt::format("MD5 {}", path);
  // A name without quotes could be taken for one with positions behind it.
  if (range.whole()) return fmt::format("{} {}", way.name, proto::quote_name(path));
  return fmt::format("{} {} {} {}", way.name, proto::quote_name(path), range.offset, range.offset + range.length);
}

std::optional<std::string> parse_checksum(const ChecksumWay& way, ByteRange range, const Reply& reply) {
  if (reply.code < 200 || reply.code >= 300 || reply.lines.empty()) return std::nullopt;
  const auto words = words_of(reply.lines.back());
  if (words.empty()) return std::nullopt;
  if (way.style != ChecksumStyle::hash) return as_digest(way.algorithm, words.back());
  // SHA-256 0-49 3a7b... path
  if (words.size() < 3 || digest::parse_algorithm(words[0]) != way.algorithm) return std::nullopt;
  const bool right_range = range.whole() || range.length == 0 ||
                           words[1] == fmt::format("{}-{}", range.offset, range.offset + range.length - 1);
  return right_range ? as_digest(way.algorithm, words[2]) : std::nullopt;
}

}  // namespace gantry::ftp
