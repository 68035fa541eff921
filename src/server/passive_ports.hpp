// The passive port range, shared by all lanes. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <random>
#include <set>

#include "base/error.hpp"
#include "config/config.hpp"
#include "session/host.hpp"

namespace gantry::server {

class PassivePorts : public std::enable_shared_from_this<PassivePorts> {
 public:
  explicit PassivePorts(config::PortRange range);

  /// Listens on `local`, on a free port of the range, searched from a random start so that a port is not guessed
  /// and not used again at once. Errc::unavailable when none is free.
  [[nodiscard]] Result<session::PassiveListener> open(const asio::any_io_executor& executor,
                                                      const asio::ip::address& local);
  [[nodiscard]] std::size_t in_use() const;

 private:
  class Lease;
  [[nodiscard]] bool take(std::uint16_t port);
  void give_back(std::uint16_t port);
  [[nodiscard]] std::uint32_t random_start();

  config::PortRange range_;
  mutable std::mutex mutex_;
  std::set<std::uint16_t> used_;
  std::minstd_rand random_;
};

}  // namespace gantry::server
