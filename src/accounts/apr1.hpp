// The password hash of Apache's htpasswd: the MD5 scheme of crypt(3) under a prefix of its own, which crypt(3) lacks.
// Must not know: who logs in.
#pragma once

#include <string>
#include <string_view>

namespace gantry::accounts {

inline constexpr std::string_view apr1_prefix = "$apr1$";

/// "$apr1$SALT$HASH" of `password`, with the salt of `stored`, which begins with the prefix. Costs about a millisecond.
[[nodiscard]] std::string apr1(std::string_view stored, std::string_view password);

}  // namespace gantry::accounts
