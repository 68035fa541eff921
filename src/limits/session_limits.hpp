// How many sessions there may be: in all, per address, per user. Thread-safe, atomic: two that race for the last place
// never both get it.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace gantry::limits {

enum class Refusal : std::uint8_t { server_full, address_full, user_full };
[[nodiscard]] std::string_view to_string(Refusal refusal);

namespace detail {
struct Counters;
/// One counted place, given back by the destructor.
class Slot {
 public:
  Slot() = default;
  Slot(std::shared_ptr<Counters> counters, std::string key) : counters_(std::move(counters)), key_(std::move(key)) {}
  Slot(Slot&& other) noexcept = default;
  Slot& operator=(Slot&& other) noexcept;
  ~Slot();

 private:
  void release();
  std::shared_ptr<Counters> counters_;
  std::string key_;
};
}  // namespace detail

struct SessionSlot {
  detail::Slot total;
  detail::Slot address;
  bool reserved = false;  ///< beyond the limit: for an administrator, or to say who one is
};
struct UserSlot {
  detail::Slot user;
};

class SessionLimits {
 public:
  /// Places beyond max_total, for administrators. Who somebody is shows at the login only.
  static constexpr std::uint32_t reserve = 2;

  /// 0: no limit.
  SessionLimits(std::uint32_t max_total, std::uint32_t max_per_address);

  /// A connection. Takes a place of the reserve when there is no other.
  [[nodiscard]] std::expected<SessionSlot, Refusal> enter(const boost::asio::ip::address& address);
  /// For somebody who is no administrator: exchanges a reserved place for an ordinary one. False when none is free.
  [[nodiscard]] bool leave_reserve(SessionSlot& slot);
  [[nodiscard]] std::expected<UserSlot, Refusal> login(const std::string& user, std::uint32_t max_for_user);
  [[nodiscard]] std::uint32_t sessions() const;
  /// For a reload: counts for those who come; nobody is turned out.
  void set_limits(std::uint32_t max_total, std::uint32_t max_per_address);

 private:
  std::atomic<std::uint32_t> max_total_;
  std::atomic<std::uint32_t> max_per_address_;
  std::shared_ptr<detail::Counters> counters_;
};

}  // namespace gantry::limits
