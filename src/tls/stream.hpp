// One stream type for a TCP connection, in clear or over TLS. FTP's control and data connections use it.
// Works on the non-blocking descriptor directly (SSL_set_fd), so a clean end is known for certain, kernel TLS
// and sendfile are possible, and no byte is copied through a second buffer.
// Must not know: FTP. Single-threaded: belongs to one lane. One reader and one writer may wait at the same time;
// whoever started them joins them before the stream is destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"

struct ssl_st;

namespace gantry::async {
class Turns;
class Watchdog;
}  // namespace gantry::async

namespace gantry::tls {

class ServerContext;

enum class Role : std::uint8_t { control, data };

class Stream {
 public:
  /// Takes an open socket, sets it non-blocking and TCP_NODELAY; urgent bytes stay in the stream (an ABOR may come
  /// as urgent data). The first stream of a process makes it ignore SIGPIPE, unless it has chosen otherwise: neither
  /// SSL_write nor sendfile can be told to spare it.
  explicit Stream(Tcp::socket socket);
  ~Stream();  ///< closes without a word to the peer; finish() is the polite end
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Its bytes wait for their turn, behind what else is to do on the lane.
  void moves_much() { moves_much_ = true; }

  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }
  [[nodiscard]] Tcp::endpoint local_endpoint() const { return local_; }    ///< as accepted, also after close();
  [[nodiscard]] Tcp::endpoint remote_endpoint() const { return remote_; }  ///< unspecified if already gone then
  [[nodiscard]] int native_handle() const { return descriptor_; }          ///< -1 after close()

  /// Server side of a TLS handshake within `limit`. Data role: issues no session tickets, accepts ALPN
  /// "ftp-data" or "ftp"; control role: ALPN "ftp". An offered ALPN list without a match is refused with alert 120.
  /// Errors: timed_out, data_broken (peer's failure, the text says which), cancelled. After an error nothing can be
  /// read or written any more. At most once per stream.
  [[nodiscard]] Task<Result<void>> handshake(std::shared_ptr<const ServerContext> context, Role role,
                                             SteadyClock::duration limit);
  /// True from the beginning of the handshake: nothing is read or written in clear again.
  [[nodiscard]] bool encrypted() const { return ssl_ != nullptr; }
  /// "TLSv1.3 TLS_AES_256_GCM_SHA384", for the log; empty in clear.
  [[nodiscard]] std::string cipher() const;
  /// The names in the client's certificate once it has been verified: common name and subject alternative names (DNS,
  /// email, URI). Empty without one. The certificate of a resumed session is verified anew: authorities and time go on.
  [[nodiscard]] std::vector<std::string> client_names() const;
  /// Whether this connection resumed a session that `control` established (not merely any cached one).
  [[nodiscard]] bool resumed_from(const Stream& control) const;
  /// Control role, TLS 1.3: sends the peer one fresh session ticket with the next bytes written, so that it can
  /// resume on the next data connection. No effect in clear or below TLS 1.3.
  void offer_ticket();

  /// At least one byte, or 0 at a clean end: FIN in clear, close_notify over TLS (whatever follows it). A TLS
  /// connection that ends without close_notify is Errc::data_broken with detail "truncated"; a reset is data_broken,
  /// a close() or cancel Errc::cancelled. `buffer` is not empty and must outlive the call. No limit of its own: the
  /// caller watches over it.
  [[nodiscard]] Task<Result<std::size_t>> read_some(MutableBytes buffer);
  /// The same into the pipe with the writing end `pipe`, without copying; only when can_splice(). The pipe is empty and
  /// takes `count` bytes. Errc::unsupported when the kernel cannot, or not with the bytes that come next (urgent ones):
  /// nothing was read then, and read_some() goes on.
  [[nodiscard]] Task<Result<std::size_t>> read_into_pipe(int pipe, std::size_t count);
  [[nodiscard]] bool can_splice() const { return !encrypted(); }
  /// As read_some(), for who expects nothing at the moment: in clear it waits before it tries, which saves a call.
  [[nodiscard]] Task<Result<std::size_t>> read_later(MutableBytes buffer);
  /// All of `bytes`. Errc::data_broken when the peer is gone, Errc::cancelled; after either it is unknown how much
  /// was sent, and over TLS nothing more can be written. No limit of its own.
  [[nodiscard]] Task<Result<void>> write(ByteView bytes);
  /// Sends up to `count` bytes of file `descriptor` from `offset` without copying through user space; the number
  /// sent (0: end of file), at most 1 MiB a call so that the lane is not kept. Only when can_send_file(). Pages of
  /// the file that are not in memory are read on the lane. Errors as write(); unavailable when the file fails.
  [[nodiscard]] Task<Result<std::size_t>> send_file(int descriptor, std::uint64_t offset, std::size_t count);
  [[nodiscard]] bool can_send_file() const;  ///< in clear, or kernel TLS is active for sending

  /// The polite end, whether we wrote or read: close_notify (TLS, unless something was left half sent), FIN, then
  /// reads and drops what the peer still sends until its end or `limit`, so that no reset destroys data on its way.
  /// Then closes. Never fails: the result says whether the peer ended properly too (FIN; TLS: close_notify).
  [[nodiscard]] Task<bool> finish(SteadyClock::duration limit);

  /// Bytes received in clear but not yet read by us are dropped: the rule after AUTH TLS (RFC 4217 section 14.2
  /// and CVE-2011-1575: nothing sent in clear may be taken for protected commands). Returns how many, at most
  /// 64 KiB. To be called before the 234 reply is written: after it the peer's ClientHello may already be here.
  std::size_t drop_unread_clear_bytes();

  void close();  ///< at once; pending operations end with Errc::cancelled
  void abort();  ///< like close(), with a TCP reset
  [[nodiscard]] bool open() const { return descriptor_ >= 0; }

  [[nodiscard]] Tcp::socket& socket() { return socket_; }

 private:
  struct SslDeleter {
    void operator()(ssl_st* ssl) const;
  };
  struct Step;  ///< what one non-blocking attempt came to
  template <class Attempt>
  [[nodiscard]] Task<Result<std::size_t>> drive(const char* operation, Attempt attempt);

  [[nodiscard]] Step tls_step(int outcome, const char* operation);
  [[nodiscard]] Step accept_step(const async::Watchdog& limit);
  [[nodiscard]] Step read_step(MutableBytes buffer);
  [[nodiscard]] Step read_clear_step(MutableBytes buffer) const;
  [[nodiscard]] Step splice_step(int pipe, std::size_t count, bool readable) const;
  [[nodiscard]] Step step_without_splice() const;
  [[nodiscard]] Step read_tls_step(MutableBytes buffer);
  [[nodiscard]] Step write_step(ByteView bytes);
  [[nodiscard]] Step write_tls_step(ByteView bytes);
  [[nodiscard]] Step send_file_step(int file, std::uint64_t offset, std::size_t count);
  [[nodiscard]] Step send_file_tls_step(int file, std::uint64_t offset, std::size_t count);
  [[nodiscard]] bool finish_at_once();
  [[nodiscard]] Step close_notify_step(const async::Watchdog& limit);
  [[nodiscard]] bool received_close_notify() const;

  asio::any_io_executor executor_;
  Tcp::socket socket_;
  int descriptor_;
  Tcp::endpoint local_;
  Tcp::endpoint remote_;
  std::shared_ptr<const ServerContext> context_;
  std::unique_ptr<ssl_st, SslDeleter> ssl_;
  std::optional<Error> read_failure_;  ///< found behind bytes that had to be handed over first; stays
  async::Turns& turns_;
  std::size_t turn_ = 0;  ///< bytes moved since this stream last let others run
  bool moves_much_ = false;
  Role role_ = Role::control;
  bool established_ = false;   ///< the handshake is over
  bool write_broken_ = false;  ///< a write was left in the middle, or OpenSSL has given up
};

}  // namespace gantry::tls
