// Opens connections: name, TCP, proxy, TLS, all within one time limit.
// Must not know: the pool, requests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "http/connection.hpp"

namespace gantry::http {

class Connector {
 public:
  /// Errc::invalid when the CA file cannot be used. `pool` must outlive every look-up begun here.
  [[nodiscard]] static Result<std::unique_ptr<Connector>> create(Origin origin, ClientOptions options,
                                                                 async::BlockingPool& pool);
  ~Connector();

  /// An open connection, ready for a request. Errc::unavailable, timed_out, cancelled.
  [[nodiscard]] Task<Result<std::shared_ptr<Connection>>> open();

  [[nodiscard]] const Origin& origin() const { return origin_; }
  [[nodiscard]] const ClientOptions& options() const { return options_; }
  /// "Basic ..." when the proxy wants a login, else empty.
  [[nodiscard]] const std::string& proxy_authorization() const { return proxy_authorization_; }

 private:
  struct Lookup;
  using Deadline = SteadyClock::time_point;
  using Endpoints = std::vector<Tcp::endpoint>;

  Connector(Origin origin, ClientOptions options, async::BlockingPool& pool);
  [[nodiscard]] Task<Result<Endpoints>> resolve(Deadline deadline);
  [[nodiscard]] Task<Result<void>> connect(std::shared_ptr<Connection> connection, Endpoints endpoints,
                                           Deadline deadline);
  [[nodiscard]] Task<Result<void>> tunnel(std::shared_ptr<Connection> connection);
  [[nodiscard]] Task<Result<void>> secure(std::shared_ptr<Connection> connection, Deadline deadline);
  [[nodiscard]] std::unexpected<Error> too_late(std::string_view step) const;
  [[nodiscard]] const std::string& peer_host() const;
  [[nodiscard]] std::uint16_t peer_port() const;

  Origin origin_;
  ClientOptions options_;
  async::BlockingPool& pool_;
  std::string proxy_authorization_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::shared_ptr<Lookup> lookup_;
};

}  // namespace gantry::http
