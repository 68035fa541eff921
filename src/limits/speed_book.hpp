// The speed limits of the server, of users over all their sessions, and of single sessions; changed while transfers
// run. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "limits/pace.hpp"

namespace gantry::limits {

/// Bytes per second; 0: no limit.
struct Rates {
  std::uint64_t upload = 0;
  std::uint64_t download = 0;
};

struct UserRates {
  Rates together;  ///< all sessions of the user
  Rates session;   ///< each of them
};

/// What one session's transfers obey. The book follows the session's limits while this lives.
struct SpeedLimits {
  RateLimiters upload;
  RateLimiters download;
};

class SpeedBook {
 public:
  explicit SpeedBook(Rates server);

  /// For a session that begins; the user's rates count for the sessions there are, too.
  [[nodiscard]] SpeedLimits begin(const std::string& user, UserRates rates);
  /// Those who have sessions now.
  [[nodiscard]] std::vector<std::string> users() const;
  /// Running transfers follow within a quarter of a second.
  void change(const std::string& user, UserRates rates);
  void change_server(Rates rates);

 private:
  struct Pair {
    RateLimiter upload;
    RateLimiter download;
    explicit Pair(Rates rates) : upload(rates.upload), download(rates.download) {}
    void set(Rates rates);
  };
  struct User {
    std::weak_ptr<Pair> together;
    std::vector<std::weak_ptr<Pair>> sessions;
  };
  void apply(User& user, UserRates rates);
  void forget_the_gone();

  mutable std::mutex mutex_;
  std::shared_ptr<Pair> server_;
  std::map<std::string, User> users_;
  std::size_t look_at_ = 0;  ///< with so many users it is time to look who has gone
};

}  // namespace gantry::limits
