// Slows down who guesses passwords, without locking anybody out: the pause grows with the failures of one address
// group, of one user name from it, and (up to a few seconds) of one user name from anywhere. Thread-safe, bounded
// memory.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

#include "base/units.hpp"
#include "limits/recent_map.hpp"

namespace gantry::limits {

class LoginThrottle {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr unsigned free_failures = 5;  ///< within a minute without any pause
  static constexpr std::size_t max_entries = 10'000;

  /// How long the next check of this name from this address must wait: 0, then 1 s doubling up to 60 s; 8 s when only
  /// others fail to guess this user's password. A user who has been let in from there pays for his own failures only.
  [[nodiscard]] Milliseconds delay(const boost::asio::ip::address& address, const std::string& user, Time now);
  void failed(const boost::asio::ip::address& address, const std::string& user, Time now);
  /// Forgets the failures of this user from this address; the address's own fade, one a minute.
  void succeeded(const boost::asio::ip::address& address, const std::string& user);
  [[nodiscard]] std::size_t entries() const;

 private:
  struct Entry {
    unsigned failures = 0;
    bool welcome = false;  ///< this user was let in from this address
    Time last{};
  };
  [[nodiscard]] static Milliseconds pause(const Entry* entry, Time now, Milliseconds longest);
  void count(const std::string& key, Time now);

  mutable std::mutex mutex_;
  RecentMap<Entry> entries_{max_entries};
};

}  // namespace gantry::limits
