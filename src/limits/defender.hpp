// Bans addresses that guess passwords or do not speak FTP, for a time that grows, and says who is banned. Everything is
// answered from memory; the exchange with the book of bans (ban_book.hpp) is the server's business.
// Thread-safe, bounded memory.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cidr.hpp"
#include "base/units.hpp"
#include "limits/ban_book.hpp"
#include "limits/recent_map.hpp"

namespace gantry::limits {

struct DefenderRules {
  bool enabled = true;      ///< false: nobody is banned by us; bans in the book and `deny` count all the same
  unsigned threshold = 12;  ///< points; as many fade in half an hour
  Milliseconds ban_time = std::chrono::minutes(5);     ///< doubled by every ban soon after another
  Milliseconds ban_time_max = std::chrono::hours(24);  ///< and so long after its end a ban is remembered
  std::vector<Cidr> allow{};                           ///< never banned, whatever else says
  std::vector<Cidr> deny{};                            ///< always turned away
};

class Defender {
 public:
  static constexpr std::size_t max_scores = 10'000;

  explicit Defender(DefenderRules rules);
  /// Counts from now on; scores and bans stay.
  void set_rules(DefenderRules rules);

  /// Whether a connection from there is to be turned away.
  [[nodiscard]] bool refuses(const boost::asio::ip::address& address, WallTime now) const;
  /// A wrong password or an unknown user, which must not be told apart, not even by the points they cost: 1 for the
  /// name that failed last from the address's group (or the first), 2 for another one. Whether the address is banned
  /// now.
  bool login_failed(const boost::asio::ip::address& address, std::string_view user, WallTime now);
  /// Bytes that are no FTP: 4 points. Whether the address is banned now.
  bool heard_no_ftp(const boost::asio::ip::address& address, WallTime now);
  /// A login: takes three points off. Many people may share one address, and some of them type badly.
  void succeeded(const boost::asio::ip::address& address, WallTime now);

  /// Bans made here that the book does not have yet.
  [[nodiscard]] std::vector<Ban> unsaved() const;
  /// What the book holds replaces what was known of it. `saved` of our own are in it, or somebody has removed them.
  void learn(std::vector<Ban> book, const std::vector<Ban>& saved);
  /// Bans that ended before this no longer matter.
  [[nodiscard]] WallTime horizon(WallTime now) const;

 private:
  struct Score {
    double points = 0;
    WallTime last{};
    std::string user{};  ///< of the last failed login
  };
  [[nodiscard]] Score& faded_score(const std::string& group, WallTime now);
  [[nodiscard]] bool allowed(const std::string& address) const;
  [[nodiscard]] const Ban* find_ban(const std::string& group) const;
  [[nodiscard]] bool banned(const boost::asio::ip::address& address, WallTime now) const;
  template <class Price>
  bool offended(const boost::asio::ip::address& address, std::string_view reason, WallTime now, Price price);
  void ban(const std::string& group, std::string_view reason, WallTime now);

  mutable std::mutex mutex_;
  DefenderRules rules_;
  RecentMap<Score> scores_{max_scores};
  std::map<std::string, Ban> unsaved_;               ///< by group
  std::map<std::string, Ban> groups_;                ///< of the book
  std::vector<std::pair<Cidr, WallTime>> networks_;  ///< of the book: what is no single group, and its end
};

}  // namespace gantry::limits
