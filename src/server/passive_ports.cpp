#include "server/passive_ports.hpp"

#include <fmt/format.h>

namespace gantry::server {

class PassivePorts::Lease : public session::PortLease {
 public:
  Lease(std::shared_ptr<PassivePorts> ports, std::uint16_t port) : ports_(std::move(ports)), port_(port) {}
  ~Lease() override { ports_->give_back(port_); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  [[nodiscard]] std::uint16_t port() const override { return port_; }

 private:
  std::shared_ptr<PassivePorts> ports_;
  std::uint16_t port_;
};

PassivePorts::PassivePorts(config::PortRange range) : range_(range), random_(std::random_device{}()) {}

bool PassivePorts::take(std::uint16_t port) {
  std::lock_guard lock(mutex_);
  return used_.insert(port).second;
}

void PassivePorts::give_back(std::uint16_t port) {
  std::lock_guard lock(mutex_);
  used_.erase(port);
}

std::size_t PassivePorts::in_use() const {
  std::lock_guard lock(mutex_);
  return used_.size();
}

std::uint32_t PassivePorts::random_start() {
  std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(random_());
}

Result<session::PassiveListener> PassivePorts::open(const asio::any_io_executor& executor,
                                                    const asio::ip::address& local) {
  std::uint32_t count = static_cast<std::uint32_t>(range_.last - range_.first) + 1;
  std::uint32_t start = random_start();
  for (std::uint32_t i = 0; i < count; ++i) {
    auto port = static_cast<std::uint16_t>(range_.first + (start + i) % count);
    if (!take(port)) continue;
    auto lease = std::make_unique<Lease>(shared_from_this(), port);
    Tcp::acceptor acceptor(executor);
    boost::system::error_code error;
    Tcp::endpoint endpoint(local, port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    // A few strangers may queue up before the right client; they are dropped one by one.
    constexpr int backlog = 8;
    if (!error) acceptor.listen(backlog, error);
    if (!error) acceptor.non_blocking(true, error);
    if (!error) return session::PassiveListener{std::move(acceptor), std::move(lease)};
    if (error != asio::error::address_in_use) return fail(Errc::unavailable, "listen for data", error.message());
  }
  return fail(Errc::unavailable, "listen for data",
              fmt::format("every port of {}-{} is in use; widen server.passive_ports", range_.first, range_.last));
}

}  // namespace gantry::server
