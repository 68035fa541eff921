// One TCP connection to an origin or a proxy, in clear or over TLS, with the bytes read ahead of a message.
// Must not know: requests, the pool, time limits (whoever waits closes it from a watchdog).
// Single-threaded; one reader and one writer may work at the same time.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <memory>
#include <span>
#include <string>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"

namespace boost::asio::ssl {
class context;
template <class Stream>
class stream;
}  // namespace boost::asio::ssl

namespace gantry::http {

struct IoResult {
  boost::system::error_code error;
  std::size_t bytes = 0;
};

class Connection {
 public:
  /// Bytes that may be read ahead: the largest response head and what arrived with it.
  static constexpr std::size_t max_read_ahead = 128 * 1024;

  explicit Connection(const asio::any_io_executor& executor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Tcp::socket& socket() { return socket_; }
  [[nodiscard]] asio::any_io_executor executor() { return socket_.get_executor(); }

  /// Client side of a TLS handshake; `host` goes into SNI and must be named by the certificate.
  /// Errc::unavailable, the detail says what to check. A time limit and a cancel show as Errc::cancelled.
  [[nodiscard]] Task<Result<void>> handshake(asio::ssl::context& context, std::string host, bool verify);

  /// At least one byte, or an error; asio::error::eof at a clean end. `buffer` is borrowed. Who moves much here waits
  /// for his turn now and then.
  [[nodiscard]] Task<IoResult> read_some(MutableBytes buffer);
  /// Reads behind the bytes in ahead().
  [[nodiscard]] Task<IoResult> read_ahead(std::size_t at_most);
  /// Part of `buffers` from the front; what they point to is sent without a copy (in clear) and is borrowed.
  [[nodiscard]] Task<IoResult> write_some(std::span<const asio::const_buffer> buffers);

  [[nodiscard]] boost::beast::flat_buffer& ahead() { return ahead_; }
  /// Nothing was sent to us since the last message ended, not even an end: fit for another request.
  [[nodiscard]] bool quiet();
  void close();

  bool reused = false;                 ///< carried a message before
  SteadyClock::time_point idle_since;  ///< meaningful in the pool

 private:
  using TlsStream = asio::ssl::stream<Tcp::socket&>;
  [[nodiscard]] IoResult moved(boost::system::error_code error, std::size_t bytes);
  [[nodiscard]] Task<bool> turn();

  Tcp::socket socket_;
  std::unique_ptr<TlsStream> tls_;
  boost::beast::flat_buffer ahead_{max_read_ahead};
  std::size_t since_turn_ = 0;  // bytes, both ways
};

}  // namespace gantry::http
