#include "tests/support/fake/codec.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <ctime>

namespace gantry::test::fake {
namespace {

const EVP_MD* method(Hash hash) {
  switch (hash) {
    case Hash::md5:
      return EVP_md5();
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha256:
      return EVP_sha256();
  }
  return nullptr;
}

constexpr std::uint64_t polynomial = 0xC96C5795D7870F42;
using Tables = std::array<std::array<std::uint64_t, 256>, 8>;

constexpr Tables make_tables(std::uint64_t divisor) {
  Tables tables{};
  for (std::uint64_t i = 0; i < 256; ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ divisor : value >> 1;
    tables[0][i] = value;
  }
  for (std::size_t i = 0; i < 256; ++i) {
    for (std::size_t k = 1; k < 8; ++k) {
      tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xFF];
    }
  }
  return tables;
}
constexpr Tables tables = make_tables(polynomial);
/// A shorter polynomial leaves the upper half empty.
constexpr Tables tables_32c = make_tables(0x82F63B78);

using Matrix = std::array<std::uint64_t, 64>;

std::uint64_t times(const Matrix& matrix, std::uint64_t vector) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; vector != 0; ++i, vector >>= 1) {
    if ((vector & 1) != 0) sum ^= matrix[i];
  }
  return sum;
}

Matrix squared(const Matrix& matrix) {
  Matrix result{};
  for (std::size_t i = 0; i < 64; ++i) result[i] = times(matrix, matrix[i]);
  return result;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::uint64_t advance(const Tables& by, std::uint64_t crc, std::string_view bytes) {
  const unsigned char* at = octets(bytes);
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    for (std::size_t i = 0; i < 8; ++i) crc ^= static_cast<std::uint64_t>(at[i]) << (8 * i);
    std::uint64_t next = 0;
    for (std::size_t i = 0; i < 8; ++i) next ^= by[7 - i][(crc >> (8 * i)) & 0xFF];
    crc = next;
  }
  for (; left > 0; --left, ++at) crc = by[0][(crc ^ *at) & 0xFF] ^ (crc >> 8);
  return crc;
}

std::tm utc(std::int64_t unix_seconds) {
  const std::time_t time = unix_seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return parts;
}

}  // namespace

RunningHash::RunningHash(Hash hash) : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, method(hash), nullptr); }
RunningHash::~RunningHash() { EVP_MD_CTX_free(context_); }
void RunningHash::update(std::string_view bytes) { EVP_DigestUpdate(context_, bytes.data(), bytes.size()); }
std::string RunningHash::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_, raw.data(), &size);
  return {reinterpret_cast<const char*>(raw.data()), size};
}

std::string digest(Hash hash, std::string_view bytes) {
  RunningHash running(hash);
  running.update(bytes);
  return running.finish();
}

std::string hmac(Hash hash, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  HMAC(method(hash), key.data(), static_cast<int>(key.size()), octets(message), message.size(), raw.data(), &size);
  return {reinterpret_cast<const char*>(raw.data()), size};
}

std::string hex(std::string_view raw) {
  std::string text;
  for (const char c : raw) fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string base64(std::string_view raw) {
  std::string text(4 * ((raw.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets(raw), static_cast<int>(raw.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> unbase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string raw(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(raw.data()), octets(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  raw.resize(static_cast<std::size_t>(size) - padding);
  return raw;
}

std::uint64_t crc64(std::string_view bytes, std::uint64_t before) { return ~advance(tables, ~before, bytes); }

std::string crc32c(std::string_view bytes) {
  const std::uint64_t value = advance(tables_32c, 0xFFFFFFFF, bytes) ^ 0xFFFFFFFF;
  std::string raw;
  for (unsigned shift = 32; shift > 0; shift -= 8) raw += static_cast<char>((value >> (shift - 8)) & 0xFF);
  return base64(raw);
}

std::uint64_t crc64_join(std::uint64_t a, std::uint64_t b, std::uint64_t length_b) {
  if (length_b == 0) return a;
  // The matrix of one zero bit, squared three times: one zero byte.
  Matrix step{};
  step[0] = polynomial;
  for (std::size_t i = 1; i < 64; ++i) step[i] = std::uint64_t{1} << (i - 1);
  for (int i = 0; i < 3; ++i) step = squared(step);
  for (; length_b > 0; length_b >>= 1) {
    if ((length_b & 1) != 0) a = times(step, a);
    step = squared(step);
  }
  return a ^ b;
}

std::string encode(std::string_view bytes, Slash slash) {
  std::string text;
  for (const char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~' || (c == '/' && slash == Slash::keep);
    if (plain) {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

std::optional<std::string> decode(std::string_view text, Plus plus) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::space) {
      bytes += ' ';
    } else if (text[i] != '%') {
      bytes += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      bytes += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return bytes;
}

std::string xml_escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\r':
        result += "&#13;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string_view strip(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (end > 0) pieces.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return pieces;
}

std::string http_date(std::int64_t unix_seconds) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", utc(unix_seconds));
}

std::string iso_date(std::int64_t unix_seconds) { return fmt::format("{:%Y-%m-%dT%H:%M:%S}.000Z", utc(unix_seconds)); }

std::optional<std::int64_t> parse_basic_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* end = ::strptime(copy.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return ::timegm(&parts);
}

}  // namespace gantry::test::fake
