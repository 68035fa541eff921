// One stream type for a TCP connection, in clear or over TLS. FTP's control and data connections use it.
// Works on the non-blocking descriptor directly (SSL_set_fd), so a clean end is known for certain, kernel TLS
// and sendfile are possible, and no byte is copied through a second buffer.
// Must not know: FTP. Single-threaded: belongs to one lane.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"

struct ssl_st;
struct ssl_session_st;

namespace gantry::tls {

class ServerContext;

enum class Role : std::uint8_t { control, data };

/// An opaque TLS session, to recognise its resumption on a data connection.
using Session = std::shared_ptr<ssl_session_st>;

class Stream {
 public:
  /// Takes an open socket, sets it non-blocking and TCP_NODELAY.
  explicit Stream(Tcp::socket socket);
  ~Stream();  ///< closes without a word to the peer; finish() is the polite end
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] const asio::any_io_executor& executor() const;
  [[nodiscard]] Tcp::endpoint local_endpoint() const;   ///< as accepted; unspecified after an error
  [[nodiscard]] Tcp::endpoint remote_endpoint() const;
  [[nodiscard]] int native_handle() const;

  /// Server side of a TLS handshake within `limit`. Data role: issues no session tickets, accepts ALPN
  /// "ftp-data"; control role: ALPN "ftp". An offered ALPN list without a match is refused with alert 120.
  /// Errors: timed_out, data_broken (peer's failure, the text says which), cancelled.
  [[nodiscard]] Task<Result<void>> handshake(std::shared_ptr<const ServerContext> context, Role role,
                                             SteadyClock::duration limit);
  [[nodiscard]] bool encrypted() const { return ssl_ != nullptr; }
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384", for the log; empty in clear.
  [[nodiscard]] std::string cipher() const;
  /// Whether this connection resumed a session that `control` established (not merely any cached one).
  [[nodiscard]] bool resumed_from(const Stream& control) const;
  /// Control role, TLS 1.3: sends the peer one fresh session ticket with the next bytes written, so that it can
  /// resume on the next data connection. No effect in clear or below TLS 1.3.
  void offer_ticket();

  /// At least one byte, or 0 at a clean end: FIN in clear, close_notify over TLS. A TLS connection that ends
  /// without close_notify is Errc::data_broken with detail "truncated". `buffer` must outlive the call.
  [[nodiscard]] Task<Result<std::size_t>> read_some(MutableBytes buffer);
  /// All of `bytes`. Errc::data_broken when the peer is gone, Errc::cancelled.
  [[nodiscard]] Task<Result<void>> write(ByteView bytes);
  /// Sends up to `count` bytes of file `descriptor` from `offset` without copying through user space; the number
  /// sent (0: end of file). Only when can_send_file().
  [[nodiscard]] Task<Result<std::size_t>> send_file(int descriptor, std::uint64_t offset, std::size_t count);
  [[nodiscard]] bool can_send_file() const;  ///< in clear, or kernel TLS is active for sending

  /// The polite end of a stream we wrote: close_notify (TLS), FIN, then reads and drops what the peer still sends
  /// until its end or `limit`, so that no reset destroys data on its way. Then closes. Never fails: the result says
  /// whether the peer ended properly too.
  [[nodiscard]] Task<bool> finish(SteadyClock::duration limit);

  /// Bytes received in clear but not yet read by us are dropped: the rule after AUTH TLS (RFC 4217 section 14.2
  /// and CVE-2011-1575: nothing sent in clear may be taken for protected commands). Returns how many.
  std::size_t drop_unread_clear_bytes();

  void close();   ///< at once; pending operations end with Errc::cancelled
  void abort();   ///< like close(), with a TCP reset
  [[nodiscard]] bool open() const;

  [[nodiscard]] Tcp::socket& socket() { return socket_; }

 private:
  struct SslDeleter {
    void operator()(ssl_st* ssl) const;
  };
  Tcp::socket socket_;
  std::unique_ptr<ssl_st, SslDeleter> ssl_;
  std::shared_ptr<const ServerContext> context_;
  Role role_ = Role::control;
  bool broken_ = false;
};

}  // namespace gantry::tls
