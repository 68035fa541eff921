#include "limits/login_throttle.hpp"

#include <algorithm>
#include <cstdint>

#include "limits/session_limits.hpp"

namespace gantry::limits {
namespace {

constexpr auto window = std::chrono::minutes(1);
constexpr auto longest_pause = Milliseconds(60'000);
constexpr auto shortest_pause = Milliseconds(1'000);
constexpr unsigned most_doublings = 6;

/// Longer names share a key: they cost a bounded amount of memory.
constexpr std::size_t longest_name = 128;

std::string user_key(const boost::asio::ip::address& address, const std::string& user) {
  return address_group(address) + ' ' + user.substr(0, longest_name);
}

}  // namespace

Milliseconds LoginThrottle::Entry::pause(Time now) const {
  if (failures < free_failures) return Milliseconds::zero();
  const unsigned doublings = std::min(failures - free_failures, most_doublings);
  const auto whole = std::min(shortest_pause * (1U << doublings), longest_pause);
  const auto passed = std::chrono::duration_cast<Milliseconds>(now - last);
  return std::max(whole - passed, Milliseconds::zero());
}

const LoginThrottle::Entry* LoginThrottle::find(const std::string& key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &*found->second;
}

Milliseconds LoginThrottle::delay(const boost::asio::ip::address& address, const std::string& user, Time now) {
  const std::lock_guard lock(mutex_);
  const Entry* own = find(user_key(address, user));
  const Milliseconds own_pause = own != nullptr ? own->pause(now) : Milliseconds::zero();
  if (own != nullptr && own->welcome) return own_pause;
  const Entry* group = find(address_group(address));
  return group != nullptr ? std::max(own_pause, group->pause(now)) : own_pause;
}

LoginThrottle::Entry& LoginThrottle::touch(const std::string& key) {
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
  } else {
    entries_.push_front({key});
    index_.emplace(key, entries_.begin());
    if (entries_.size() > max_entries) {
      index_.erase(entries_.back().key);
      entries_.pop_back();
    }
  }
  return entries_.front();
}

void LoginThrottle::count(const std::string& key, Time now) {
  Entry& entry = touch(key);
  // Old failures fade: one is forgotten a minute.
  const auto minutes = std::max<std::int64_t>(0, (now - entry.last) / window);
  entry.failures -= static_cast<unsigned>(std::min<std::int64_t>(entry.failures, minutes));
  // More would only make the forgetting longer, not the pause.
  entry.failures = std::min(entry.failures + 1, free_failures + most_doublings);
  entry.last = now;
}

void LoginThrottle::failed(const boost::asio::ip::address& address, const std::string& user, Time now) {
  const std::lock_guard lock(mutex_);
  count(address_group(address), now);
  count(user_key(address, user), now);
}

void LoginThrottle::succeeded(const boost::asio::ip::address& address, const std::string& user) {
  const std::lock_guard lock(mutex_);
  Entry& entry = touch(user_key(address, user));
  entry.failures = 0;
  entry.welcome = true;
}

std::size_t LoginThrottle::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace gantry::limits
