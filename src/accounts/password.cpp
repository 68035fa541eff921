#include "accounts/password.hpp"

#include <crypt.h>
#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <charconv>
#include <memory>

#include "accounts/apr1.hpp"
#include "base/password_hash.hpp"

namespace gantry::accounts {
namespace {

bool sodium_ready() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

/// Compares digests, so that neither the place of a difference nor the length shows in the time.
bool equal_texts(std::string_view a, std::string_view b) {
  using Digest = std::array<unsigned char, crypto_generichash_BYTES>;
  const auto digest_of = [](std::string_view text) {
    Digest digest{};
    crypto_generichash(digest.data(), digest.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       nullptr, 0);
    return digest;
  };
  const Digest first = digest_of(a);
  const Digest second = digest_of(b);
  return sodium_memcmp(first.data(), second.data(), first.size()) == 0;
}

bool verify_crypt(const std::string& stored, const std::string& given) {
  const auto data = std::make_unique<crypt_data>();  // 32 KiB, too much for a stack
  const char* made = crypt_r(given.c_str(), stored.c_str(), data.get());
  // A failure is a text that begins with '*', which no stored hash does.
  const bool equal = made != nullptr && *made != '*' && equal_texts(made, stored);
  sodium_memzero(data.get(), sizeof(crypt_data));
  return equal;
}

/// 0 when there is none.
std::uint64_t number_after(std::string_view text, std::string_view name) {
  std::uint64_t number = 0;
  const std::size_t at = text.find(name);
  if (at != std::string_view::npos) std::from_chars(text.data() + at + name.size(), text.data() + text.size(), number);
  return number;
}

}  // namespace

bool is_hash(std::string_view stored) { return is_password_hash(stored); }

bool verify(const Secret& stored_secret, const Secret& given_secret) {
  const std::string& stored = stored_secret.reveal();
  const std::string& given = given_secret.reveal();
  // crypt(3) reads to the first NUL: "right\0anything" would be right.
  if (!sodium_ready() || stored.empty() || given.size() > longest_password || given.contains('\0')) return false;
  if (stored.starts_with("$argon2"))
    return is_hash(stored) && crypto_pwhash_str_verify(stored.c_str(), given.data(), given.size()) == 0;
  if (stored.starts_with(apr1_prefix)) return equal_texts(apr1(stored, given), stored);
  if (is_hash(stored)) return verify_crypt(stored, given);
  return equal_texts(stored, given);
}

bool is_weaker(std::string_view stored, const HashCost& cost) {
  if (password_scheme(stored) != "$argon2id$") return true;
  return number_after(stored, "$m=") < cost.memory / kib || number_after(stored, ",t=") < cost.passes;
}

Secret decoy_of(const HashCost& cost) {
  return Secret(
      fmt::format("$argon2id$v=19$m={},t={},p=1$K2QGTaXfeVTZQKDlYPHLcQ${:A>43}", cost.memory / kib, cost.passes, ""));
}

Result<std::string> hash_password(std::string_view text, const HashCost& cost) {
  if (text.empty() || text.size() > longest_password || text.contains('\0'))
    return fail(Errc::invalid, "hash password", "empty, too long or with a NUL byte");
  if (!sodium_ready()) return fail(Errc::internal, "hash password", "libsodium cannot start");
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str_alg(out.data(), text.data(), text.size(), cost.passes, cost.memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return fail(Errc::internal, "hash password", "not enough memory");
  return std::string(out.data());
}

}  // namespace gantry::accounts
