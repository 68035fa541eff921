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
  using Digest = std::array<unsigned char, 32>;

  /// At most `entries`, each for `lifetime`; none when that is 0.
  LoginCache(std::size_t entries, Milliseconds lifetime);

  /// What stands for one comparison. `stored` is what the account holds: with another one nothing is known.
  [[nodiscard]] Digest digest(std::string_view user, const Secret& stored, const Secret& password) const;
  /// Whether this comparison came out right a short while ago.
  [[nodiscard]] bool knows(const Digest& comparison, Time now);
  void remember(const Digest& comparison, Time now);
  [[nodiscard]] std::size_t size() const;

 private:
  void drop_old(Time now);

  std::size_t limit_;
  Milliseconds lifetime_;
  Digest key_{};
  mutable std::mutex mutex_;
  std::map<Digest, Time> expires_;
  std::deque<std::pair<Time, Digest>> order_;  ///< by expiry
};

}  // namespace gantry::accounts
