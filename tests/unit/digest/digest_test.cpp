#include "digest/digest.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "tests/support/json.hpp"

namespace gantry::digest {
namespace {

using test::Json;

const Json& vectors() {
  static const Json all = Json::load(GANTRY_SOURCE_DIR "/tests/unit/digest/vectors/crc64-vectors.json");
  return all;
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoul(hex.substr(i, 2), nullptr, 16));
  return out;
}

std::string pattern(const Json& c, const char* length) {
  std::string unit = from_hex(c["pattern_hex"].text());
  std::string out;
  auto size = static_cast<std::size_t>(c[length].number());
  while (out.size() < size) out += unit;
  out.resize(size);
  return out;
}

std::string data_of(const Json& c) {
  if (c.has("data_utf8")) return c["data_utf8"].text();
  if (c.has("data_hex")) return from_hex(c["data_hex"].text());
  return pattern(c, "length");
}

std::uint64_t number(const Json& value) { return std::stoull(value.text()); }

std::string hex_of(Algorithm algorithm, std::string_view text) { return to_hex(hash(algorithm, as_byte_view(text))); }

TEST(Crc64, simple_vectors) {
  ASSERT_FALSE(vectors()["simple"].items().empty());
  for (const Json& c : vectors()["simple"].items())
    EXPECT_EQ(crc64(as_byte_view(data_of(c))), number(c["x_cos_hash_crc64ecma"])) << c["name"].text();
}

TEST(Crc64, continues_from_the_value_before) {
  for (const Json& c : vectors()["incremental"].items()) {
    std::uint64_t crc = 0;
    for (const Json& step : c["steps"].items()) {
      std::string chunk = step.has("chunk_utf8") ? step["chunk_utf8"].text() : from_hex(step["chunk_hex"].text());
      crc = crc64(as_byte_view(chunk), crc);
      EXPECT_EQ(crc, number(step["crc_so_far"])) << c["name"].text();
    }
    EXPECT_EQ(crc, number(c["expected"])) << c["name"].text();
  }
}

TEST(Crc64, combine_vectors) {
  ASSERT_FALSE(vectors()["combine"].items().empty());
  for (const Json& c : vectors()["combine"].items())
    EXPECT_EQ(crc64_combine(number(c["crc_a"]), number(c["crc_b"]), number(c["len_b"])), number(c["expected"]))
        << c["name"].text();
}

TEST(Crc64, parts_combine_to_the_object) {
  for (const Json& c : vectors()["multipart"].items()) {
    std::string whole = pattern(c, "total_length");
    std::uint64_t crc = 0;
    for (const Json& part : c["parts"].items()) {
      auto length = static_cast<std::size_t>(part["length"].number());
      auto piece = std::string_view(whole).substr(static_cast<std::size_t>(part["offset"].number()), length);
      std::uint64_t part_crc = crc64(as_byte_view(piece));
      EXPECT_EQ(part_crc, number(part["x_cos_hash_crc64ecma"]));
      crc = crc64_combine(crc, part_crc, length);
    }
    EXPECT_EQ(crc, number(c["object_x_cos_hash_crc64ecma"])) << c["name"].text();
    EXPECT_EQ(crc, crc64(as_byte_view(whole)));
  }
}

TEST(Crc64, combine_takes_lengths_up_to_63_bits) {
  // Appending n zero bytes twice is appending 2n.
  std::uint64_t half = std::uint64_t{1} << 62;
  std::uint64_t crc = 0x995DC9BBDF1939FA;
  EXPECT_EQ(crc64_combine(crc64_combine(crc, 0, half), 0, half), crc64_combine(crc, 0, half * 2));
  EXPECT_NE(crc64_combine(crc, 0, half), crc);
}

TEST(Crc32, check_values) {
  EXPECT_EQ(crc32c(as_byte_view("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c(as_byte_view("6789"), crc32c(as_byte_view("12345"))), 0xE3069283U);
  EXPECT_EQ(crc32c({}), 0U);
  EXPECT_EQ(hex_of(Algorithm::crc32c, "123456789"), "e3069283");
  EXPECT_EQ(hex_of(Algorithm::crc32, "123456789"), "cbf43926");
  EXPECT_EQ(hex_of(Algorithm::crc64, "123456789"), "995dc9bbdf1939fa");
}

TEST(Hash, published_values) {
  EXPECT_EQ(hex_of(Algorithm::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex_of(Algorithm::sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex_of(Algorithm::sha256, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_TRUE(hex_of(Algorithm::sha512, "abc").starts_with("ddaf35a193617abacc417349ae204131"));
  EXPECT_EQ(hex_of(Algorithm::sha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Hash, pieces_give_what_the_whole_gives) {
  std::string text(100'000, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31);
  for (Algorithm algorithm : {Algorithm::crc64, Algorithm::crc32c, Algorithm::crc32, Algorithm::md5, Algorithm::sha1,
                              Algorithm::sha256, Algorithm::sha512}) {
    Hasher hasher(algorithm);
    for (std::size_t at = 0; at < text.size(); at += 777)
      hasher.update(as_byte_view(std::string_view(text).substr(at, 777)));
    EXPECT_EQ(hasher.finish(), hash(algorithm, as_byte_view(text))) << name(algorithm);
  }
}

TEST(Hash, names) {
  EXPECT_EQ(parse_algorithm("SHA-256"), Algorithm::sha256);
  EXPECT_EQ(parse_algorithm("sha256"), Algorithm::sha256);
  EXPECT_EQ(parse_algorithm("Md5"), Algorithm::md5);
  EXPECT_EQ(parse_algorithm("CRC32"), Algorithm::crc32);
  EXPECT_EQ(parse_algorithm("SHA-3"), std::nullopt);
  EXPECT_EQ(name(Algorithm::crc64), "crc64");
}

TEST(Hmac, rfc_2202_and_4231) {
  EXPECT_EQ(to_hex(hmac(Algorithm::sha1, "Jefe", "what do ya want for nothing?")),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(to_hex(hmac(Algorithm::sha256, "Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Base64, both_ways) {
  for (auto [plain, coded] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(plain), coded);
    EXPECT_EQ(from_base64(coded), plain);
  }
  for (const char* bad : {"Z", "Zg=", "Zg===", "Z===", "Zm9v\n", " m9v", "Zm 8=", "=Zm9", "Z=m9"})
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace gantry::digest
