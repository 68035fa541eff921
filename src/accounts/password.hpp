// Checks and makes password hashes. Everything here blocks for as long as the hash costs: never on a lane.
// Must not know: who logs in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace gantry::accounts {

/// Longer ones match nothing: crypt(3) would cut them, and hashing them costs too much.
inline constexpr std::size_t longest_password = 512;

/// argon2id and argon2i by libsodium, $1$ $5$ $6$ $y$ $gy$ $7$ $2a$ $2b$ $2y$ $sha1$ by crypt(3), anything else is
/// plain text, compared in constant time. False for an empty stored password.
[[nodiscard]] bool verify(const Secret& stored, const Secret& given);

/// A stored password verify() treats as a hash.
[[nodiscard]] bool is_hash(std::string_view stored);

/// argon2id with libsodium's interactive parameters (64 MiB, two passes). Errc::internal when memory is short,
/// Errc::invalid for an empty or too long password.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);

}  // namespace gantry::accounts
