#include <isa-l/crc.h>
#include <isa-l/crc64.h>

#include <algorithm>
#include <array>
#include <climits>

#include "digest/digest.hpp"

namespace gantry::digest {
namespace {

/// Polynomials over GF(2) modulo that of CRC-64/XZ, in its bit order: bit 63 stands for x^0, bit 0 for x^63.
constexpr std::uint64_t polynomial = 0xC96C5795D7870F42;
constexpr std::uint64_t one = std::uint64_t{1} << 63;

constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  for (std::uint64_t bit = one; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) product ^= b;
    b = (b & 1) != 0 ? (b >> 1) ^ polynomial : b >> 1;
  }
  return product;
}

/// x^(8 * 2^k): what appending 2^k zero bytes multiplies a checksum by.
constexpr std::array<std::uint64_t, 64> zero_byte_powers = [] {
  std::array<std::uint64_t, 64> powers{};
  powers[0] = one >> 8;
  for (std::size_t k = 1; k < powers.size(); ++k) powers[k] = multiply(powers[k - 1], powers[k - 1]);
  return powers;
}();

}  // namespace

std::uint64_t crc64(ByteView bytes, std::uint64_t before) {
  // ISA-L inverts at both ends itself.
  return crc64_ecma_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint64_t crc64_combine(std::uint64_t crc_a, std::uint64_t crc_b, std::uint64_t length_b) {
  if (length_b == 0) return crc_a;
  for (std::size_t k = 0; length_b != 0; ++k, length_b >>= 1)
    if ((length_b & 1) != 0) crc_a = multiply(zero_byte_powers[k], crc_a);
  return crc_a ^ crc_b;
}

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) {
  // Unlike its sisters this function leaves the inversion to the caller, takes an int and forgets const.
  std::uint32_t crc = ~before;
  while (!bytes.empty()) {
    ByteView piece = bytes.first(std::min<std::size_t>(bytes.size(), INT_MAX));
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(piece.data()));
    crc = crc32_iscsi(data, static_cast<int>(piece.size()), crc);
    bytes = bytes.subspan(piece.size());
  }
  return ~crc;
}

}  // namespace gantry::digest
