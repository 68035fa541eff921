#include "http/connection.hpp"

#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <fmt/format.h>

#include "async/turns.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry::http {
namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
/// So much moves before whatever else is ready on the lane has its turn.
constexpr std::size_t between_turns = 256 * kib;

/// The first of `buffers`, as many as one turn sends.
std::span<const asio::const_buffer> one_turn(std::span<const asio::const_buffer> buffers) {
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < buffers.size() && bytes < between_turns; ++count) bytes += buffers[count].size();
  return buffers.first(count);
}

/// What the certificate must name, and SNI, which RFC 6066 section 3 allows for names only.
bool expect_host(SSL* ssl, const std::string& host) {
  boost::system::error_code not_numeric;
  asio::ip::make_address(host, not_numeric);
  if (!not_numeric) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 && SSL_set1_host(ssl, host.c_str()) == 1;
}

std::unexpected<Error> handshake_failure(SSL* ssl, const std::string& host, const boost::system::error_code& error) {
  if (const long verdict = SSL_get_verify_result(ssl); verdict != X509_V_OK) {
    return fail(Errc::unavailable, "http tls",
                fmt::format("certificate of {} not trusted: {}; set ca_file or check the clock", host,
                            X509_verify_cert_error_string(verdict)));
  }
  return fail(Errc::unavailable, "http tls",
              fmt::format("TLS handshake with {}: {}; check whether the endpoint speaks https", host,
                          to_lower(error.message())));
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor) : socket_(executor) {}
Connection::~Connection() = default;

Task<Result<void>> Connection::handshake(asio::ssl::context& context, std::string host, bool verify) {
  tls_ = std::make_unique<TlsStream>(socket_, context);
  SSL* ssl = tls_->native_handle();
  if (!expect_host(ssl, host)) co_return fail(Errc::internal, "http tls", "cannot prepare the handshake");
  SSL_set_verify(ssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::client, as_result);
  if (!error) co_return Result<void>{};
  if (error == asio::error::operation_aborted || !socket_.is_open()) co_return fail(Errc::cancelled, "http tls");
  co_return handshake_failure(ssl, host, error);
}

/// False: cancelled meanwhile.
Task<bool> Connection::turn() {
  since_turn_ = 0;
  co_await async::Turns::of(executor()).wait(executor());
  co_return !co_await async::cancelled();
}

IoResult Connection::moved(boost::system::error_code error, std::size_t bytes) {
  since_turn_ += bytes;
  return {error, bytes};
}

Task<IoResult> Connection::read_some(MutableBytes buffer) {
  if (since_turn_ >= between_turns && !co_await turn()) co_return IoResult{asio::error::operation_aborted};
  const auto target = asio::buffer(buffer.data(), buffer.size());
  if (tls_) {
    auto [error, bytes] = co_await tls_->async_read_some(target, as_result);
    co_return moved(error, bytes);
  }
  auto [error, bytes] = co_await socket_.async_read_some(target, as_result);
  co_return moved(error, bytes);
}

Task<IoResult> Connection::read_ahead(std::size_t at_most) {
  const std::size_t room = std::min(at_most, ahead_.max_size() - ahead_.size());
  if (room == 0) co_return IoResult{asio::error::no_buffer_space, 0};
  const auto target = ahead_.prepare(room);
  const IoResult result = co_await read_some({static_cast<std::byte*>(target.data()), target.size()});
  ahead_.commit(result.bytes);
  co_return result;
}

Task<IoResult> Connection::write_some(std::span<const asio::const_buffer> buffers) {
  if (since_turn_ >= between_turns && !co_await turn()) co_return IoResult{asio::error::operation_aborted};
  if (tls_) {
    // A gather write over TLS would be copied into one block first; a record per piece costs less.
    auto [error, bytes] = co_await tls_->async_write_some(buffers.front(), as_result);
    co_return moved(error, bytes);
  }
  auto [error, bytes] = co_await socket_.async_write_some(one_turn(buffers), as_result);
  co_return moved(error, bytes);
}

bool Connection::quiet() {
  if (!socket_.is_open() || ahead_.size() > 0) return false;
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  // Over TLS a late session ticket would also be seen here; giving that connection up is cheap and safe.
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void Connection::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace gantry::http
