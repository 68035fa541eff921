#include "accounts/login_cache.hpp"

#include <sodium.h>

#include <cstdint>
#include <stdexcept>

namespace gantry::accounts {

LoginCache::LoginCache(std::size_t entries, Milliseconds lifetime) : limit_(entries), lifetime_(lifetime) {
  static_assert(crypto_auth_hmacsha256_BYTES == sizeof(Digest) && crypto_auth_hmacsha256_KEYBYTES == sizeof(Digest));
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot start");
  crypto_auth_hmacsha256_keygen(key_.data());
}

LoginCache::Digest LoginCache::digest(std::string_view user, const Secret& stored, const Secret& password) const {
  const auto bytes = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key_.data(), key_.size());
  for (const std::string_view text : {user, std::string_view(stored.reveal()), std::string_view(password.reveal())}) {
    // The length in front keeps ("ab", "c") and ("a", "bc") apart.
    const std::uint64_t length = text.size();
    std::array<unsigned char, sizeof(length)> prefix{};
    for (std::size_t i = 0; i < prefix.size(); ++i) prefix[i] = static_cast<unsigned char>(length >> (8 * i));
    crypto_auth_hmacsha256_update(&state, prefix.data(), prefix.size());
    crypto_auth_hmacsha256_update(&state, bytes(text), text.size());
  }
  Digest out{};
  crypto_auth_hmacsha256_final(&state, out.data());
  return out;
}

void LoginCache::drop_old(Time now) {
  while (!order_.empty() && (order_.front().first <= now || expires_.size() > limit_)) {
    const auto [expiry, key] = order_.front();
    order_.pop_front();
    // An entry remembered again since has a later expiry.
    const auto found = expires_.find(key);
    if (found != expires_.end() && found->second == expiry) expires_.erase(found);
  }
}

bool LoginCache::knows(const Digest& comparison, Time now) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  return expires_.contains(comparison);
}

void LoginCache::remember(const Digest& comparison, Time now) {
  const std::lock_guard lock(mutex_);
  drop_old(now);
  // The first time counts: a password is checked in full at least once a lifetime.
  if (!expires_.emplace(comparison, now + lifetime_).second) return;
  order_.emplace_back(now + lifetime_, comparison);
  drop_old(now);
}

std::size_t LoginCache::size() const {
  const std::lock_guard lock(mutex_);
  return expires_.size();
}

}  // namespace gantry::accounts
