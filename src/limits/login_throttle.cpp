#include "limits/login_throttle.hpp"

#include <algorithm>

#include "limits/session_limits.hpp"

namespace gantry::limits {
namespace {

constexpr auto window = std::chrono::minutes(1);
constexpr auto longest_pause = Milliseconds(60'000);
constexpr auto shortest_pause = Milliseconds(1'000);
constexpr unsigned most_doublings = 6;

std::string user_key(const boost::asio::ip::address& address, const std::string& user) {
  return address_group(address) + ' ' + user;
}

}  // namespace

Milliseconds LoginThrottle::pause_of(const std::string& key, Time now) {
  auto found = index_.find(key);
  if (found == index_.end()) return Milliseconds::zero();
  const Entry& entry = *found->second;
  if (entry.failures < free_failures) return Milliseconds::zero();
  unsigned doublings = std::min(entry.failures - free_failures, most_doublings);
  auto pause = std::min(shortest_pause * (1U << doublings), longest_pause);
  auto passed = std::chrono::duration_cast<Milliseconds>(now - entry.last);
  return std::max(pause - passed, Milliseconds::zero());
}

Milliseconds LoginThrottle::delay(const boost::asio::ip::address& address, const std::string& user, Time now) {
  std::lock_guard lock(mutex_);
  return std::max(pause_of(address_group(address), now), pause_of(user_key(address, user), now));
}

void LoginThrottle::count(const std::string& key, Time now) {
  auto found = index_.find(key);
  if (found == index_.end()) {
    entries_.push_front({key, 0, now});
    found = index_.emplace(key, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  Entry& entry = *found->second;
  // Old failures fade: one is forgotten a minute.
  auto minutes = static_cast<unsigned>(std::max<std::int64_t>(0, (now - entry.last) / window));
  entry.failures -= std::min(entry.failures, minutes);
  ++entry.failures;
  entry.last = now;
  if (entries_.size() > max_entries) {
    index_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

void LoginThrottle::failed(const boost::asio::ip::address& address, const std::string& user, Time now) {
  std::lock_guard lock(mutex_);
  count(address_group(address), now);
  count(user_key(address, user), now);
}

void LoginThrottle::succeeded(const boost::asio::ip::address& address, const std::string& user) {
  std::lock_guard lock(mutex_);
  auto found = index_.find(user_key(address, user));
  if (found == index_.end()) return;
  entries_.erase(found->second);
  index_.erase(found);
}

}  // namespace gantry::limits
