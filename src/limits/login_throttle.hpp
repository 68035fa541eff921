// Slows down who guesses passwords, without locking anybody out: the pause grows with the failures of one address
// group, or of one user name from it. Thread-safe, bounded memory.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "base/units.hpp"

namespace gantry::limits {

class LoginThrottle {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr unsigned free_failures = 5;  ///< within a minute without any pause
  static constexpr std::size_t max_entries = 10'000;

  /// How long the next check of this name from this address must wait: 0, then 1 s doubling up to 60 s. A user who
  /// has been let in from there does not pay for the failures of neighbours behind the same address.
  [[nodiscard]] Milliseconds delay(const boost::asio::ip::address& address, const std::string& user, Time now);
  void failed(const boost::asio::ip::address& address, const std::string& user, Time now);
  /// Forgets the failures of this user from this address; the address's own fade, one a minute.
  void succeeded(const boost::asio::ip::address& address, const std::string& user);
  [[nodiscard]] std::size_t entries() const;

 private:
  struct Entry {
    std::string key;
    unsigned failures = 0;
    bool welcome = false;  ///< this user was let in from this address
    Time last{};
    [[nodiscard]] Milliseconds pause(Time now) const;
  };
  using Entries = std::list<Entry>;  // most recent first
  [[nodiscard]] Entry& touch(const std::string& key);
  void count(const std::string& key, Time now);
  [[nodiscard]] const Entry* find(const std::string& key) const;

  mutable std::mutex mutex_;
  Entries entries_;
  std::map<std::string, Entries::iterator> index_;
};

}  // namespace gantry::limits
