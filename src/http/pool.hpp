// The keep-alive connections of one client: at most so many, the most recently used first, waiters in order.
// Must not know: requests and responses.
// Expired connections are dropped when the pool is used next: a timer for them would keep an io_context running
// that has nothing else to do. Single-threaded.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "http/connector.hpp"

namespace gantry::http {

class Pool;

/// A connection on loan. Destroying it closes the connection and frees its place; recycle() gives it back whole.
class Lease {
 public:
  Lease() = default;
  Lease(std::shared_ptr<Pool> pool, std::shared_ptr<Connection> connection);
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  [[nodiscard]] Connection& operator*() const { return *connection_; }
  [[nodiscard]] Connection* operator->() const { return connection_.get(); }
  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }
  [[nodiscard]] explicit operator bool() const { return connection_ != nullptr; }

  void recycle();
  void close();

 private:
  friend class Pool;
  std::shared_ptr<Pool> pool_;  // keeps the pool alive when the client is gone
  std::shared_ptr<Connection> connection_;
};

enum class Reuse : std::uint8_t { allowed, never };

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(std::unique_ptr<Connector> connector) : connector_(std::move(connector)) {}

  [[nodiscard]] const Connector& connector() const { return *connector_; }
  [[nodiscard]] const ClientOptions& options() const { return connector_->options(); }

  /// An idle connection, a new one, or the first that becomes free. Errors of Connector::open(); timed_out when none
  /// becomes free within the stall limit.
  [[nodiscard]] Task<Result<Lease>> acquire(Reuse reuse);
  /// Closes the idle connections; those on loan are closed when they come back.
  void shut();

 private:
  friend class Lease;
  struct Waiter;

  void give_back(std::shared_ptr<Connection> connection);
  void free_place();
  [[nodiscard]] std::shared_ptr<Connection> take_idle();
  void drop_expired();
  [[nodiscard]] Task<Result<std::shared_ptr<Connection>>> wait_for_place();

  std::unique_ptr<Connector> connector_;
  std::vector<std::shared_ptr<Connection>> idle_;  // the most recently used at the back
  std::deque<std::shared_ptr<Waiter>> waiters_;
  std::size_t on_loan_ = 0;  // places taken: connections on loan, being opened, or promised to a waiter
  bool shut_ = false;
};

}  // namespace gantry::http
