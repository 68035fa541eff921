#include "accounts/apr1.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

#include "digest/digest.hpp"

namespace gantry::accounts {
namespace {

constexpr std::size_t longest_salt = 8;
constexpr int rounds = 1000;

std::string md5(const std::string& text) { return digest::hash(digest::Algorithm::md5, as_byte_view(text)); }

/// `sum` repeated and cut to `size` bytes.
std::string stretched(const std::string& sum, std::size_t size) {
  std::string out;
  while (out.size() < size) out.append(sum, 0, size - out.size());
  return out;
}

std::string first_sum(std::string_view password, std::string_view salt) {
  std::string text = std::string(password) + std::string(apr1_prefix) + std::string(salt);
  text += stretched(md5(std::string(password) + std::string(salt) + std::string(password)), password.size());
  // Of the length's bits, a zero byte for each 1 and the password's first byte for each 0.
  for (std::size_t length = password.size(); length > 0; length >>= 1)
    text += (length & 1) != 0 ? '\0' : password.front();
  return md5(text);
}

/// Three bytes at a time in an order of its own, six bits a letter, the lowest first.
std::string letters_of(const std::string& sum) {
  static constexpr std::string_view alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr std::array<std::array<std::size_t, 3>, 5> order{
      {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}}};
  const auto byte = [&](std::size_t at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(sum[at])); };
  std::string out;
  const auto put = [&](std::uint32_t bits, int letters) {
    for (; letters > 0; --letters, bits >>= 6) out += alphabet[bits & 63];
  };
  for (const auto& [high, middle, low] : order) put(byte(high) << 16 | byte(middle) << 8 | byte(low), 4);
  put(byte(11), 2);
  return out;
}

}  // namespace

std::string apr1(std::string_view stored, std::string_view password) {
  std::string_view salt = stored.substr(apr1_prefix.size());
  salt = salt.substr(0, salt.find('$')).substr(0, longest_salt);
  std::string sum = first_sum(password, salt);
  for (int round = 0; round < rounds; ++round) {
    std::string text(round % 2 != 0 ? password : std::string_view(sum));
    if (round % 3 != 0) text += salt;
    if (round % 7 != 0) text += password;
    text += round % 2 != 0 ? std::string_view(sum) : password;
    sum = md5(text);
  }
  return std::string(apr1_prefix) + std::string(salt) + '$' + letters_of(sum);
}

}  // namespace gantry::accounts
