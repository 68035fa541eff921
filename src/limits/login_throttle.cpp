#include "limits/login_throttle.hpp"

#include <algorithm>
#include <cstdint>

#include "limits/address_group.hpp"

namespace gantry::limits {
namespace {

constexpr auto window = std::chrono::minutes(1);
constexpr auto longest_pause = Milliseconds(60'000);
/// For a name that is guessed at from many addresses: its owner, too, may come from a new one.
constexpr auto longest_pause_of_user = Milliseconds(8'000);
constexpr auto shortest_pause = Milliseconds(1'000);
constexpr unsigned most_doublings = 6;

/// Longer names share a key: they cost a bounded amount of memory.
constexpr std::size_t longest_name = 128;

/// A blank cannot stand in an address.
std::string everywhere_key(const std::string& user) { return ' ' + user.substr(0, longest_name); }

std::string user_key(const boost::asio::ip::address& address, const std::string& user) {
  return address_group(address) + everywhere_key(user);
}

}  // namespace

Milliseconds LoginThrottle::pause(const Entry* entry, Time now, Milliseconds longest) {
  if (entry == nullptr || entry->failures < free_failures) return Milliseconds::zero();
  const unsigned doublings = std::min(entry->failures - free_failures, most_doublings);
  const auto whole = std::min(shortest_pause * (1U << doublings), longest);
  const auto passed = std::chrono::duration_cast<Milliseconds>(now - entry->last);
  return std::max(whole - passed, Milliseconds::zero());
}

Milliseconds LoginThrottle::delay(const boost::asio::ip::address& address, const std::string& user, Time now) {
  const std::lock_guard lock(mutex_);
  const Entry* own = entries_.find(user_key(address, user));
  const Milliseconds own_pause = pause(own, now, longest_pause);
  if (own != nullptr && own->welcome) return own_pause;
  return std::max({own_pause, pause(entries_.find(address_group(address)), now, longest_pause),
                   pause(entries_.find(everywhere_key(user)), now, longest_pause_of_user)});
}

void LoginThrottle::count(const std::string& key, Time now) {
  Entry& entry = entries_.touch(key);
  // Old failures fade: one is forgotten a minute.
  const auto minutes = std::max<std::int64_t>(0, (now - entry.last) / window);
  entry.failures -= static_cast<unsigned>(std::min<std::int64_t>(entry.failures, minutes));
  // More would only make the forgetting longer, not the pause.
  entry.failures = std::min(entry.failures + 1, free_failures + most_doublings);
  entry.last = now;
}

void LoginThrottle::failed(const boost::asio::ip::address& address, const std::string& user, Time now) {
  const std::lock_guard lock(mutex_);
  count(everywhere_key(user), now);
  count(address_group(address), now);
  count(user_key(address, user), now);
}

void LoginThrottle::succeeded(const boost::asio::ip::address& address, const std::string& user) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_.touch(user_key(address, user));
  entry.failures = 0;
  entry.welcome = true;
}

std::size_t LoginThrottle::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace gantry::limits
