// One TCP connection of a bench program, in clear or under TLS: blocking calls, each of which waits for its limit at
// most. A thread a connection needs no readiness calls, so that what is measured is the server and not the load. Must
// not know: FTP.
#pragma once

#include <netinet/in.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace gantry::bench {

/// What ends a run: a wait that reached its limit, a broken connection, a wrong answer.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A failure that names the system's last error.
[[nodiscard]] Failure system_failure(std::string_view doing);

/// "127.0.0.1:2121"; throws Failure for anything else. Port 0 is allowed.
[[nodiscard]] sockaddr_in parse_address(const std::string& text);

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

/// A socket that listens; nothing when the port is taken, Failure when there is none to be had.
[[nodiscard]] std::optional<Descriptor> try_listen_on(const sockaddr_in& address, int backlog);
/// The same; Failure when the port is taken.
[[nodiscard]] Descriptor listen_on(const sockaddr_in& address, int backlog);
[[nodiscard]] std::uint16_t port_of(const Descriptor& listener);

class Stream {
 public:
  /// `limit`: of every single wait from now on.
  Stream(Descriptor socket, std::chrono::seconds limit);
  /// Throws Failure when nobody answers within the limit.
  static Stream connect(const sockaddr_in& to, std::chrono::seconds limit);
  /// The next connection to a listener, under the same rule.
  static Stream accept(const Descriptor& listener, std::chrono::seconds limit);

  /// For control connections: lines are not held back for more. Bulk data costs less without.
  void send_at_once();

  /// Client's handshake. `offered`: a session to resume, or null. `owner`: see TlsClient.
  void start_tls(ssl_ctx_st* context, ssl_session_st* offered, void* owner);
  /// Server's handshake.
  void accept_tls(ssl_ctx_st* context);
  [[nodiscard]] bool secure() const { return tls_ != nullptr; }
  [[nodiscard]] bool resumed() const;
  /// "TLSv1.3 TLS_AES_128_GCM_SHA256"; empty in clear.
  [[nodiscard]] std::string protocol() const;

  /// At least one byte; 0 is the clean end (FIN in clear, close_notify under TLS). Everything else throws.
  std::size_t read(std::span<char> into);
  /// As read(), but what came is dropped, in clear without copying it out of the kernel.
  std::size_t discard(std::span<char> scratch);
  void write(std::string_view bytes);
  /// Sends this part of a file; throws when the file is shorter.
  void send_file(int file, std::uint64_t offset, std::uint64_t size, std::span<char> scratch);
  /// Says that nothing more will be sent: close_notify, then FIN.
  void finish_sending();
  /// Reads to the end; throws when anything but the end comes.
  void expect_end();
  /// For splice() by a floor; only in clear.
  [[nodiscard]] int descriptor() const { return socket_.get(); }

 private:
  struct FreeTls {
    void operator()(ssl_st* tls) const;
  };
  void attach(ssl_ctx_st* context);
  [[nodiscard]] Failure tls_failure(std::string_view doing, int result) const;

  Descriptor socket_;
  std::unique_ptr<ssl_st, FreeTls> tls_;
};

}  // namespace gantry::bench
