#include "tests/bench/wire/stream.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/bench/wire/tls.hpp"

namespace gantry::bench {

namespace {

constexpr std::size_t discarded_at_once = 16u << 20;  // more than a receive buffer ever holds

void set_option(int socket, int level, int name, const auto& value) {
  if (::setsockopt(socket, level, name, &value, sizeof value) != 0) throw system_failure("setsockopt");
}

bool timed_out() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// The generic pointer is how the sockets API takes addresses of every family.
const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

}  // namespace

Failure system_failure(std::string_view doing) {
  if (timed_out()) return Failure(fmt::format("{}: nothing within the limit", doing));
  return Failure(fmt::format("{}: {}", doing, std::strerror(errno)));
}

sockaddr_in parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos || inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw Failure(fmt::format("'{}' is not an IPv4 address and a port", text));
  const auto port = std::stoul(text.substr(colon + 1));
  if (port > 65535) throw Failure(fmt::format("'{}': there is no such port", text));
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::optional<Descriptor> try_listen_on(const sockaddr_in& address, int backlog) {
  Descriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.get() < 0) throw system_failure("socket");
  set_option(listener.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(listener.get(), generic(address), sizeof address) != 0) return std::nullopt;
  if (::listen(listener.get(), backlog) != 0) return std::nullopt;
  return listener;
}

Descriptor listen_on(const sockaddr_in& address, int backlog) {
  auto listener = try_listen_on(address, backlog);
  if (!listener) throw system_failure("listen");
  return std::move(*listener);
}

std::uint16_t port_of(const Descriptor& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw system_failure("getsockname");
  return ntohs(address.sin_port);
}

Stream::Stream(Descriptor socket, std::chrono::seconds limit) : socket_(std::move(socket)) {
  const timeval wait{.tv_sec = limit.count(), .tv_usec = 0};
  set_option(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, wait);
  set_option(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, wait);
}

Stream Stream::connect(const sockaddr_in& to, std::chrono::seconds limit) {
  Stream stream(Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), limit);
  if (::connect(stream.socket_.get(), generic(to), sizeof to) != 0) {
    // What a connect() says that reached SO_SNDTIMEO.
    if (errno == EINPROGRESS) errno = EAGAIN;
    throw system_failure("connect");
  }
  return stream;
}

Stream Stream::accept(const Descriptor& listener, std::chrono::seconds limit) {
  const timeval wait{.tv_sec = limit.count(), .tv_usec = 0};
  set_option(listener.get(), SOL_SOCKET, SO_RCVTIMEO, wait);
  Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (socket.get() < 0) throw system_failure("accept");
  return {std::move(socket), limit};
}

void Stream::send_at_once() { set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1); }

// ---- TLS

void Stream::FreeTls::operator()(ssl_st* tls) const { SSL_free(tls); }

void Stream::attach(ssl_ctx_st* context) {
  tls_.reset(SSL_new(context));
  if (!tls_ || SSL_set_fd(tls_.get(), socket_.get()) != 1) throw Failure("SSL_new");
}

Failure Stream::tls_failure(std::string_view doing, int result) const {
  const int kind = SSL_get_error(tls_.get(), result);
  if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
    return Failure(fmt::format("{}: nothing within the limit", doing));
  if (kind == SSL_ERROR_SYSCALL && errno != 0) return system_failure(doing);
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return Failure(fmt::format("{}: {}", doing, reason ? reason : "the connection was cut"));
}

void Stream::start_tls(ssl_ctx_st* context, ssl_session_st* offered, void* owner) {
  attach(context);
  SSL_set_ex_data(tls_.get(), TlsClient::owner_index(), owner);
  if (offered) {
    // A copy: OpenSSL's client marks a session of TLS 1.3 as used up.
    const std::unique_ptr<SSL_SESSION, FreeSession> copy(SSL_SESSION_dup(offered));
    SSL_set_session(tls_.get(), copy.get());
  }
  ERR_clear_error();
  if (const int result = SSL_connect(tls_.get()); result != 1) throw tls_failure("TLS handshake", result);
}

void Stream::accept_tls(ssl_ctx_st* context) {
  attach(context);
  ERR_clear_error();
  if (const int result = SSL_accept(tls_.get()); result != 1) throw tls_failure("TLS handshake", result);
}

bool Stream::resumed() const { return tls_ && SSL_session_reused(tls_.get()) == 1; }

std::string Stream::protocol() const {
  return tls_ ? fmt::format("{} {}", SSL_get_version(tls_.get()), SSL_get_cipher_name(tls_.get())) : "";
}

// ---- bytes

std::size_t Stream::read(std::span<char> into) {
  if (!tls_) {
    const auto got = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (got < 0) throw system_failure("receive");
    return static_cast<std::size_t>(got);
  }
  ERR_clear_error();
  errno = 0;
  std::size_t got = 0;
  const int result = SSL_read_ex(tls_.get(), into.data(), into.size(), &got);
  if (result == 1) return got;
  if (SSL_get_error(tls_.get(), result) == SSL_ERROR_ZERO_RETURN) return 0;
  throw tls_failure("TLS receive", result);
}

std::size_t Stream::discard(std::span<char> scratch) {
  if (tls_) return read(scratch);
  const auto got = ::recv(socket_.get(), nullptr, discarded_at_once, MSG_TRUNC);
  if (got < 0) throw system_failure("receive");
  return static_cast<std::size_t>(got);
}

void Stream::write(std::string_view bytes) {
  if (tls_) {
    ERR_clear_error();
    std::size_t sent = 0;
    const int result = bytes.empty() ? 1 : SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent);
    if (result != 1) throw tls_failure("TLS send", result);
    return;
  }
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) throw system_failure("send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Stream::send_file(int file, std::uint64_t offset, std::uint64_t size, std::span<char> scratch) {
  auto at = static_cast<off_t>(offset);
  while (size > 0) {
    ssize_t moved = 0;
    if (tls_) {
      moved = ::pread(file, scratch.data(), std::min<std::uint64_t>(size, scratch.size()), at);
      if (moved > 0) {
        write({scratch.data(), static_cast<std::size_t>(moved)});
        at += moved;
      }
    } else {
      moved = ::sendfile(socket_.get(), file, &at, size);
    }
    if (moved < 0) throw system_failure("sendfile");
    if (moved == 0) throw Failure("the file to send is too short");
    size -= static_cast<std::uint64_t>(moved);
  }
}

void Stream::finish_sending() {
  if (tls_) {
    ERR_clear_error();
    if (const int result = SSL_shutdown(tls_.get()); result < 0) throw tls_failure("close_notify", result);
  }
  if (::shutdown(socket_.get(), SHUT_WR) != 0 && errno != ENOTCONN) throw system_failure("shutdown");
}

void Stream::expect_end() {
  char byte = 0;
  if (read({&byte, 1}) != 0) throw Failure("more bytes where the end should be");
}

}  // namespace gantry::bench
