// Tells a password hash from plain text by its prefix. Shared by whoever reads and whoever checks passwords.
#pragma once

#include <array>
#include <string_view>

namespace gantry {

/// The schemes that can be checked: argon2 by libsodium, the others by crypt(3).
inline constexpr std::array<std::string_view, 12> password_hash_prefixes{
    "$argon2id$", "$argon2i$", "$6$", "$5$", "$1$", "$y$", "$gy$", "$7$", "$2a$", "$2b$", "$2y$", "$sha1$"};

[[nodiscard]] constexpr bool is_password_hash(std::string_view stored) {
  for (std::string_view prefix : password_hash_prefixes)
    if (stored.starts_with(prefix)) return true;
  return false;
}

}  // namespace gantry
