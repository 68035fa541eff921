// The shape of password hashes: which scheme, and whether the text is whole. Shared by whoever reads and whoever
// checks passwords. Must not know: how a hash is computed.
#pragma once

#include <string_view>

namespace gantry {

/// The scheme's prefix, such as "$6$", of those that can be checked: argon2 by libsodium, $apr1$ by ourselves, the
/// others by crypt(3). Empty for anything else, which is plain text.
[[nodiscard]] std::string_view password_scheme(std::string_view stored);

[[nodiscard]] inline bool is_password_hash(std::string_view stored) { return !password_scheme(stored).empty(); }

/// Whether a hash has every field of its scheme, each of the right length and letters: one that was cut or mixed up
/// matches no password. True for plain text.
[[nodiscard]] bool is_intact_password(std::string_view stored);

}  // namespace gantry
