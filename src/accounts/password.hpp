// Checks and makes password hashes. Everything here blocks for as long as the hash costs: never on a lane.
// Must not know: who logs in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

namespace gantry::accounts {

/// Longer ones match nothing: crypt(3) would cut them, and hashing them costs too much.
inline constexpr std::size_t longest_password = 512;

/// What a new argon2id hash costs; libsodium's interactive parameters unless told otherwise.
struct HashCost {
  std::uint64_t memory = 64 * mib;  ///< bytes, used in steps of 1 KiB
  std::uint32_t passes = 2;
};

/// argon2id and argon2i by libsodium, $apr1$ by apr1.hpp, $1$ $5$ $6$ $y$ $gy$ $7$ $2a$ $2b$ $2y$ $sha1$ by crypt(3),
/// anything else is plain text, compared in constant time. False for an empty stored password.
[[nodiscard]] bool verify(const Secret& stored, const Secret& given);

/// A stored password verify() treats as a hash.
[[nodiscard]] bool is_hash(std::string_view stored);

/// Of another kind than argon2id, or made with less memory or fewer passes than `cost`.
[[nodiscard]] bool is_weaker(std::string_view stored, const HashCost& cost);

/// A hash of that cost which no password has.
[[nodiscard]] Secret decoy_of(const HashCost& cost);

/// argon2id. Errc::internal when memory is short, Errc::invalid for an empty or too long password.
[[nodiscard]] Result<std::string> hash_password(std::string_view password, const HashCost& cost = {});

}  // namespace gantry::accounts
