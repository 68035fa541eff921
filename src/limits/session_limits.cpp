#include "limits/session_limits.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <fmt/format.h>

#include <optional>

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

std::optional<detail::Slot> take(const std::shared_ptr<detail::Counters>& counters, std::string key,
                                 std::uint32_t limit) {
  std::lock_guard lock(counters->mutex);
  std::uint32_t& count = counters->count[key];
  if (limit > 0 && count >= limit) return std::nullopt;
  ++count;
  return detail::Slot(counters, std::move(key));
}

}  // namespace

std::string address_group(const boost::asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  if (address.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).to_string();
  auto bytes = address.to_v6().to_bytes();
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text + "/64";
}

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
  auto total = take(counters_, total_key, max_total_);
  if (!total) return std::unexpected(Refusal::server_full);
  auto own = take(counters_, "address " + address_group(address), max_per_address_);
  if (!own) return std::unexpected(Refusal::address_full);
  return SessionSlot{std::move(*total), std::move(*own)};
}

std::expected<UserSlot, Refusal> SessionLimits::login(const std::string& user, std::uint32_t max_for_user) {
  auto slot = take(counters_, "user " + user, max_for_user);
  if (!slot) return std::unexpected(Refusal::user_full);
  return UserSlot{std::move(*slot)};
}

void SessionLimits::set_limits(std::uint32_t max_total, std::uint32_t max_per_address) {
  max_total_ = max_total;
  max_per_address_ = max_per_address;
}

std::uint32_t SessionLimits::sessions() const {
  std::lock_guard lock(counters_->mutex);
  auto at = counters_->count.find(total_key);
  return at == counters_->count.end() ? 0 : at->second;
}

}  // namespace gantry::limits
