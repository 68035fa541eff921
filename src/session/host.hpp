// What a session needs of the server it lives in. One Host a lane; server/ implements it.
// Must not know: concrete file systems, stores, listeners.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "accounts/account.hpp"
#include "async/blocking.hpp"
#include "async/byte_budget.hpp"
#include "config/config.hpp"
#include "limits/defender.hpp"
#include "limits/login_throttle.hpp"
#include "limits/session_limits.hpp"
#include "limits/speed_book.hpp"
#include "tls/server_context.hpp"
#include "vfs/file_system.hpp"
#include "vfs/quota_book.hpp"

namespace gantry::session {

/// A port of the passive range, in use until the lease dies.
class PortLease {
 public:
  virtual ~PortLease() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

/// A listening socket for one data connection, non-blocking.
struct PassiveListener {
  Tcp::acceptor acceptor;
  std::unique_ptr<PortLease> lease;
};

class Host {
 public:
  virtual ~Host() = default;

  /// The configuration in force; a session keeps the one it began with.
  [[nodiscard]] virtual std::shared_ptr<const config::Config> config() const = 0;
  /// Null when TLS is off. A handshake uses the one in force when it begins.
  [[nodiscard]] virtual std::shared_ptr<const tls::ServerContext> tls() const = 0;
  [[nodiscard]] virtual std::shared_ptr<accounts::Accounts> accounts() const = 0;
  /// The tree an account sees: its home as "/", its mounts in it. Makes the home directory when it is missing.
  [[nodiscard]] virtual Task<Result<std::shared_ptr<vfs::FileSystem>>> open_file_system(accounts::Account account) = 0;
  /// Listens on `local` (the address the client reached us at) on a free port of the passive range.
  /// Errc::unavailable when none is free.
  [[nodiscard]] virtual Result<PassiveListener> open_passive(const asio::ip::address& local) = 0;
  /// The IPv4 address to tell in 227 replies, when one is configured and resolves.
  [[nodiscard]] virtual Task<std::optional<asio::ip::address_v4>> masquerade_address() = 0;
  /// Nothing for an account without limits on what it stores.
  [[nodiscard]] virtual std::optional<vfs::Quota> quota(const accounts::Account& account) = 0;
  /// For one session of the account.
  [[nodiscard]] virtual limits::SpeedLimits speed_limits(const accounts::Account& account) = 0;

  [[nodiscard]] virtual limits::SessionLimits& session_limits() = 0;
  [[nodiscard]] virtual limits::LoginThrottle& login_throttle() = 0;
  [[nodiscard]] virtual limits::Defender& defender() = 0;
  [[nodiscard]] virtual async::BlockingPool& blocking_pool() = 0;
  [[nodiscard]] virtual std::shared_ptr<async::ByteBudget> byte_budget() = 0;
  [[nodiscard]] virtual std::uint64_t next_session_id() = 0;
};

}  // namespace gantry::session
