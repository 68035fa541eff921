// HTTP/1.1 to one origin: a pool of keep-alive connections, streamed bodies both ways, proxies.
// Must not know: S3, COS, signatures, retries (object/retry is the only place that tries again).
// Single-threaded: one client a lane and origin.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/blocking.hpp"
#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"

namespace gantry::http {

struct Origin {
  bool tls = false;
  std::string host;
  std::uint16_t port = 80;

  /// "host" or "host:port" when the port is not the scheme's own; IPv6 in brackets: the Host header.
  [[nodiscard]] std::string authority() const;
  bool operator==(const Origin&) const = default;
};

/// "scheme://host[:port]"; nothing for anything else (a path, a user, another scheme).
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view url);

struct Proxy {
  std::string host;
  std::uint16_t port = 3128;
  std::string user;
  Secret password;
};
/// "http://[user:password@]host:port"; nothing when malformed.
[[nodiscard]] std::optional<Proxy> parse_proxy(std::string_view url);
/// From https_proxy/http_proxy/no_proxy (lower or upper case) as curl reads them, for this origin.
[[nodiscard]] std::optional<Proxy> proxy_from_environment(const Origin& origin);

struct ClientOptions {
  std::optional<Proxy> proxy{};  ///< CONNECT for https, absolute request target for http
  std::string ca_file{};         ///< PEM; empty: the system's
  bool verify_certificate = true;
  std::size_t max_connections = 64;
  SteadyClock::duration connect_timeout = std::chrono::seconds(10);  ///< name, TCP, proxy, TLS together
  SteadyClock::duration stall_timeout = std::chrono::seconds(60);    ///< no byte moves in a request
  SteadyClock::duration keep_alive = std::chrono::seconds(50);       ///< an idle connection older than this is not used
};

using Header = std::pair<std::string, std::string>;

struct Request {
  std::string method{};
  std::string target{};           ///< exactly as it goes on the wire, path and query, already encoded
  std::vector<Header> headers{};  ///< Host, Content-Length and Connection are added when absent
  Chunks body{};                  ///< borrowed until send() returns
  /// Send Expect: 100-continue and wait at most a second for it, so that an error arrives before the body.
  bool expect_continue = false;
  /// False: never repeated unseen (see Client::send), because the caller must know that it may have taken effect.
  bool repeatable = true;
  /// Longest wait for the response head after the body was sent; absent: ClientOptions::stall_timeout.
  std::optional<SteadyClock::duration> response_timeout{};
};

/// A response whose body is read on demand. Destroying it before the end closes the connection; reading to the
/// end returns the connection to the pool.
class Response {
 public:
  virtual ~Response() = default;
  [[nodiscard]] virtual int status() const = 0;
  /// The value of a header, name compared without case; nothing when absent.
  [[nodiscard]] virtual std::optional<std::string_view> header(std::string_view name) const = 0;
  [[nodiscard]] virtual const std::vector<Header>& headers() const = 0;
  [[nodiscard]] virtual std::optional<std::uint64_t> content_length() const = 0;
  /// Next bytes of the body, 0 at its end. A body shorter than its Content-Length is Errc::unavailable.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(MutableBytes buffer) = 0;
  /// The whole body; Errc::too_large beyond `limit` bytes.
  [[nodiscard]] virtual Task<Result<std::string>> read_all(std::size_t limit) = 0;
};

class Client {
 public:
  virtual ~Client() = default;
  [[nodiscard]] virtual const Origin& origin() const = 0;
  /// Sends a request and returns when the response head is there, whatever its status. Waits for a free
  /// connection when max_connections are busy. Never repeats a request, except on a pooled connection that turns
  /// out to be closed before any byte of the response arrived: then once, on a fresh one, if it is repeatable.
  /// Errors: unavailable (name, connect, reset, TLS; the detail says which and what to check), timed_out, cancelled.
  [[nodiscard]] virtual Task<Result<std::unique_ptr<Response>>> send(Request request) = 0;
};

/// A client for `origin` on the caller's lane; `pool` resolves names.
[[nodiscard]] Result<std::unique_ptr<Client>> make_client(asio::any_io_executor executor, Origin origin,
                                                          ClientOptions options, async::BlockingPool& pool);

}  // namespace gantry::http
