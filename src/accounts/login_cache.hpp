// Remembers for a short while which passwords were right: a client that opens ten connections costs one hash.
// Holds keyed digests only, made with a key that never leaves the process. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "base/units.hpp"

namespace gantry::accounts {

class LoginCache {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// At most `entries`, each for `lifetime`.
  LoginCache(std::size_t entries, Milliseconds lifetime);

  /// `stored` is what the account held when the password was found right: with another one nothing is known.
  [[nodiscard]] bool knows(std::string_view user, const Secret& stored, const Secret& password, Time now);
  void remember(std::string_view user, const Secret& stored, const Secret& password, Time now);
  [[nodiscard]] std::size_t size() const;

 private:
  using Digest = std::array<unsigned char, 32>;

  [[nodiscard]] Digest digest(std::string_view user, const Secret& stored, const Secret& password) const;
  void drop_old(Time now);

  std::size_t limit_;
  Milliseconds lifetime_;
  Digest key_{};
  mutable std::mutex mutex_;
  std::map<Digest, Time> expires_;
  std::deque<std::pair<Time, Digest>> order_;  ///< by expiry
};

}  // namespace gantry::accounts
