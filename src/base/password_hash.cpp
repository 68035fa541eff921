#include "base/password_hash.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "base/text.hpp"

namespace gantry {
namespace {

using Fields = std::vector<std::string_view>;

struct Scheme {
  std::string_view prefix;
  bool (*intact)(const Fields& fields, std::size_t digest) = nullptr;  ///< the fields between the '$' behind the prefix
  std::size_t digest = 0;                                              ///< letters of the last field
};

bool is_letter_or_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/// The 64 letters of crypt(5).
bool of_crypt(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '/'; });
}

bool of_base64(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '+' || c == '/'; });
}

bool is_number(std::string_view text, std::string_view name) {
  return text.starts_with(name) && text.size() > name.size() && text.size() <= name.size() + 10 &&
         std::ranges::all_of(text.substr(name.size()), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_digest(std::string_view text, std::size_t size) { return text.size() == size && of_crypt(text); }

/// Of 32 bytes, as every tool makes them unless asked otherwise, or of 64.
bool argon2(const Fields& fields, std::size_t digest) {
  if (fields.size() != 4 || fields[0] != "v=19") return false;
  const Fields costs = split(fields[1], ',');
  return costs.size() == 3 && is_number(costs[0], "m=") && is_number(costs[1], "t=") && is_number(costs[2], "p=") &&
         fields[2].size() >= 11 && of_base64(fields[2]) &&
         (fields[3].size() == digest || fields[3].size() == 2 * digest) && of_base64(fields[3]);
}

bool salt_and_digest(const Fields& fields, std::size_t digest) {
  return fields.size() == 2 && fields[0].size() <= 8 && is_digest(fields[1], digest);
}

bool sha_crypt(const Fields& fields, std::size_t digest) {
  if (fields.size() == 3 && !is_number(fields[0], "rounds=")) return false;
  return (fields.size() == 2 || fields.size() == 3) && fields[fields.size() - 2].size() <= 16 &&
         is_digest(fields.back(), digest);
}

bool yescrypt(const Fields& fields, std::size_t digest) {
  return fields.size() == 3 && !fields[0].empty() && of_crypt(fields[0]) && of_crypt(fields[1]) &&
         is_digest(fields[2], digest);
}

bool scrypt(const Fields& fields, std::size_t digest) {
  return fields.size() == 2 && fields[0].size() > 11 && of_crypt(fields[0]) && is_digest(fields[1], digest);
}

bool bcrypt(const Fields& fields, std::size_t digest) {
  return fields.size() == 2 && fields[0].size() == 2 && is_number(fields[0], "") && fields[0] >= "04" &&
         fields[0] <= "31" && is_digest(fields[1], digest);
}

bool sha1_crypt(const Fields& fields, std::size_t digest) {
  return fields.size() == 3 && is_number(fields[0], "") && fields[1].size() <= 64 && of_crypt(fields[1]) &&
         is_digest(fields[2], digest);
}

constexpr std::array schemes = {
    Scheme{"$argon2id$", argon2, 43}, Scheme{"$argon2i$", argon2, 43},    Scheme{"$6$", sha_crypt, 86},
    Scheme{"$5$", sha_crypt, 43},     Scheme{"$1$", salt_and_digest, 22}, Scheme{"$apr1$", salt_and_digest, 22},
    Scheme{"$y$", yescrypt, 43},      Scheme{"$gy$", yescrypt, 43},       Scheme{"$7$", scrypt, 43},
    Scheme{"$2a$", bcrypt, 53},       Scheme{"$2b$", bcrypt, 53},         Scheme{"$2y$", bcrypt, 53},
    Scheme{"$sha1$", sha1_crypt, 28}};

const Scheme* scheme_of(std::string_view stored) {
  const auto found = std::ranges::find_if(schemes, [&](const Scheme& one) { return stored.starts_with(one.prefix); });
  return found == schemes.end() ? nullptr : found;
}

}  // namespace

std::string_view password_scheme(std::string_view stored) {
  const Scheme* scheme = scheme_of(stored);
  return scheme == nullptr ? std::string_view() : scheme->prefix;
}

bool is_intact_password(std::string_view stored) {
  const Scheme* scheme = scheme_of(stored);
  return scheme == nullptr || scheme->intact(split(stored.substr(scheme->prefix.size()), '$'), scheme->digest);
}

}  // namespace gantry
