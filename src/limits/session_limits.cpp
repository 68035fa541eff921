#include "limits/session_limits.hpp"

#include <map>
#include <mutex>

#include "limits/address_group.hpp"

namespace gantry::limits {

namespace detail {

struct Counters {
  mutable std::mutex mutex;
  std::map<std::string, std::uint32_t> count;
};

void Slot::release() {
  if (!counters_) return;
  std::lock_guard lock(counters_->mutex);
  auto at = counters_->count.find(key_);
  if (--at->second == 0) counters_->count.erase(at);
}

Slot& Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    release();
    counters_ = std::move(other.counters_);
    key_ = std::move(other.key_);
  }
  return *this;
}

Slot::~Slot() { release(); }

}  // namespace detail

namespace {

// Keys of the one map: a blank cannot stand in an address.
constexpr const char* total_key = "total";
constexpr const char* reserve_key = "reserve";

/// Under the counters' mutex.
bool has_room(const detail::Counters& counters, const std::string& key, std::uint32_t limit) {
  const auto at = counters.count.find(key);
  return limit == 0 || at == counters.count.end() || at->second < limit;
}

detail::Slot take(const std::shared_ptr<detail::Counters>& counters, const std::string& key) {
  ++counters->count[key];
  return {counters, key};
}

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::server_full:
      return "server.max_sessions reached";
    case Refusal::address_full:
      return "server.max_sessions_per_ip reached";
    case Refusal::user_full:
      return "user.max_sessions reached";
  }
  return "unknown";
}

SessionLimits::SessionLimits(std::uint32_t max_total, std::uint32_t max_per_address)
    : max_total_(max_total), max_per_address_(max_per_address), counters_(std::make_shared<detail::Counters>()) {}

std::expected<SessionSlot, Refusal> SessionLimits::enter(const boost::asio::ip::address& address) {
  const std::string own = "address " + address_group(address);
  const std::lock_guard lock(counters_->mutex);
  const bool reserved = !has_room(*counters_, total_key, max_total_);
  if (reserved && !has_room(*counters_, reserve_key, reserve)) return std::unexpected(Refusal::server_full);
  if (!has_room(*counters_, own, max_per_address_)) return std::unexpected(Refusal::address_full);
  return SessionSlot{take(counters_, reserved ? reserve_key : total_key), take(counters_, own), reserved};
}

bool SessionLimits::leave_reserve(SessionSlot& slot) {
  if (!slot.reserved) return true;
  detail::Slot ordinary;
  {
    const std::lock_guard lock(counters_->mutex);
    if (!has_room(*counters_, total_key, max_total_)) return false;
    ordinary = take(counters_, total_key);
  }
  slot.total = std::move(ordinary);  // gives the reserved one back, which takes the mutex
  slot.reserved = false;
  return true;
}

std::expected<UserSlot, Refusal> SessionLimits::login(const std::string& user, std::uint32_t max_for_user) {
  const std::string key = "user " + user;
  const std::lock_guard lock(counters_->mutex);
  if (!has_room(*counters_, key, max_for_user)) return std::unexpected(Refusal::user_full);
  return UserSlot{take(counters_, key)};
}

void SessionLimits::set_limits(std::uint32_t max_total, std::uint32_t max_per_address) {
  max_total_ = max_total;
  max_per_address_ = max_per_address;
}

std::uint32_t SessionLimits::sessions() const {
  const std::lock_guard lock(counters_->mutex);
  std::uint32_t sum = 0;
  for (const char* key : {total_key, reserve_key})
    if (const auto at = counters_->count.find(key); at != counters_->count.end()) sum += at->second;
  return sum;
}

}  // namespace gantry::limits
