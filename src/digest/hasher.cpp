#include <isa-l/crc.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <new>
#include <stdexcept>
#include <utility>

#include "base/text.hpp"
#include "digest/digest.hpp"

namespace gantry::digest {
namespace {

struct Named {
  Algorithm algorithm;
  std::string_view name;
  std::string_view ftp_name;
};
constexpr std::array<Named, 7> names{{{Algorithm::crc64, "crc64", "CRC64"},
                                      {Algorithm::crc32c, "crc32c", "CRC32C"},
                                      {Algorithm::crc32, "crc32", "CRC32"},
                                      {Algorithm::md5, "md5", "MD5"},
                                      {Algorithm::sha1, "sha1", "SHA-1"},
                                      {Algorithm::sha256, "sha256", "SHA-256"},
                                      {Algorithm::sha512, "sha512", "SHA-512"}}};

const EVP_MD* evp(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::md5:
      return EVP_md5();
    case Algorithm::sha1:
      return EVP_sha1();
    case Algorithm::sha256:
      return EVP_sha256();
    case Algorithm::sha512:
      return EVP_sha512();
    case Algorithm::crc64:
    case Algorithm::crc32c:
    case Algorithm::crc32:
      break;
  }
  return nullptr;
}

template <class T>
std::string big_endian(T value) {
  std::string out(sizeof(T), '\0');
  for (std::size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<char>(value & 0xFF);
  return out;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string_view name(Algorithm algorithm) {
  for (const Named& row : names)
    if (row.algorithm == algorithm) return row.name;
  return {};
}

std::optional<Algorithm> parse_algorithm(std::string_view text) {
  for (const Named& row : names)
    if (equal_ignoring_case(text, row.name) || equal_ignoring_case(text, row.ftp_name)) return row.algorithm;
  return std::nullopt;
}

struct Hasher::State {
  Algorithm algorithm;
  std::uint64_t crc = 0;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context;
};

Hasher::Hasher(Algorithm algorithm) : state_(std::make_unique<State>(algorithm)) {
  const EVP_MD* method = evp(algorithm);
  if (method == nullptr) return;
  state_->context.reset(EVP_MD_CTX_new());
  if (!state_->context) throw std::bad_alloc();
  if (EVP_DigestInit_ex(state_->context.get(), method, nullptr) != 1)
    throw std::runtime_error("the TLS library refuses " + std::string(name(algorithm)));
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(ByteView bytes) {
  State& s = *state_;
  if (s.context)
    EVP_DigestUpdate(s.context.get(), bytes.data(), bytes.size());
  else if (s.algorithm == Algorithm::crc64)
    s.crc = crc64(bytes, s.crc);
  else if (s.algorithm == Algorithm::crc32c)
    s.crc = crc32c(bytes, static_cast<std::uint32_t>(s.crc));
  else
    s.crc = crc32_gzip_refl(static_cast<std::uint32_t>(s.crc), reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

std::string Hasher::finish() {
  State& s = *state_;
  if (!s.context)
    return s.algorithm == Algorithm::crc64 ? big_endian(s.crc) : big_endian(static_cast<std::uint32_t>(s.crc));
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  EVP_DigestFinal_ex(s.context.get(), reinterpret_cast<unsigned char*>(out.data()), &size);
  out.resize(size);
  return out;
}

std::string hash(Algorithm algorithm, ByteView bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

std::string hmac(Algorithm algorithm, std::string_view key, std::string_view message) {
  const EVP_MD* method = algorithm == Algorithm::sha1 || algorithm == Algorithm::sha256 ? evp(algorithm) : nullptr;
  if (method == nullptr) throw std::invalid_argument("hmac: sha1 or sha256 only");
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (HMAC(method, key.data(), static_cast<int>(key.size()), raw(message), message.size(),
           reinterpret_cast<unsigned char*>(out.data()), &size) == nullptr)
    throw std::runtime_error("the TLS library refuses HMAC");
  out.resize(size);
  return out;
}

std::string to_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), raw(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  // The library skips blanks and counts padding as zero bytes; both are settled here.
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return std::string{};
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  if (text.substr(0, text.size() - padding).find_first_not_of(digits) != std::string_view::npos) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), raw(text), static_cast<int>(text.size())) < 0)
    return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    unsigned char value = 0;
    const char* end = text.data() + at + 2;
    const auto read = std::from_chars(text.data() + at, end, value, 16);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    out += static_cast<char>(value);
  }
  return out;
}

}  // namespace gantry::digest
