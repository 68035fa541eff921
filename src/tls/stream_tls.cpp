// The part of Stream that talks to OpenSSL: handshake, session tickets, reading, close_notify.
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cerrno>
#include <system_error>

#include "async/watchdog.hpp"
#include "tls/client_certificate.hpp"
#include "tls/openssl_error.hpp"
#include "tls/server_context.hpp"
#include "tls/session_mark.hpp"
#include "tls/step.hpp"

namespace gantry::tls {
namespace {

/// For the first data connections; further ones get theirs by offer_ticket().
constexpr std::size_t control_tickets = 2;

/// SSL_get_error looks at what earlier calls of this thread left behind, for whatever connection.
void forget_errors() {
  ERR_clear_error();
  errno = 0;
}

/// A client that writes a little and then its close_notify waits with the second until the first is acknowledged
/// (Nagle): without this for 40 ms, each small file. The handshake's back and forth made the kernel hold answers back.
void acknowledge_at_once(int descriptor) {
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
}

}  // namespace

void Stream::SslDeleter::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Task<Result<void>> Stream::handshake(std::shared_ptr<const ServerContext> context, Role role,
                                     SteadyClock::duration limit) {
  if (ssl_) co_return fail(Errc::internal, "handshake", "the connection is already protected");
  context_ = std::move(context);
  role_ = role;
  forget_errors();
  ssl_.reset(SSL_new(context_->native()));
  if (!ssl_ || SSL_set_fd(ssl_.get(), descriptor_) != 1)
    co_return fail(Errc::internal, "handshake", take_openssl_reason());
  SSL_set_app_data(ssl_.get(), &role_);
  SSL_set_accept_state(ssl_.get());
  if (role == Role::control) {
    SSL_set_num_tickets(ssl_.get(), control_tickets);
  } else {
    // Clients show theirs where they log in; few would a second time.
    SSL_set_verify(ssl_.get(), SSL_VERIFY_NONE, nullptr);
    // One system call a record instead of two. The buffer keeps its size of one record: kernel TLS fills a larger one
    // with several, which OpenSSL would take for one that is too long.
    SSL_set_read_ahead(ssl_.get(), 1);
  }
  async::Watchdog watchdog(executor_, limit, [this] {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  });
  auto done = co_await drive("handshake", [&] { return accept_step(watchdog); });
  if (done && !has_demanded_certificate(ssl_.get())) {
    established_ = false;
    co_return fail(Errc::data_broken, "handshake", "the resumed session has no good client certificate");
  }
  if (done) co_return Result<void>{};
  if (watchdog.expired()) co_return fail(Errc::timed_out, "handshake", "not finished in time");
  co_return fail(std::move(done.error()));
}

Stream::Step Stream::accept_step(const async::Watchdog& limit) {
  if (limit.expired()) return Step::failed(Errc::timed_out, "handshake", {});
  forget_errors();
  const int outcome = SSL_do_handshake(ssl_.get());
  if (outcome != 1) return tls_step(outcome, "handshake");
  established_ = true;
  if (role_ == Role::data) acknowledge_at_once(descriptor_);
  return Step::done(0);
}

Stream::Step Stream::tls_step(int outcome, const char* operation) {
  const int system_error = errno;
  const int kind = SSL_get_error(ssl_.get(), outcome);
  if (kind == SSL_ERROR_WANT_READ) return Step::wait_read();
  if (kind == SSL_ERROR_WANT_WRITE) return Step::wait_write();
  const bool cut = kind == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  std::string reason = take_openssl_reason();
  if (cut) {
    reason = "truncated";
  } else if (kind == SSL_ERROR_ZERO_RETURN) {
    reason = "the peer has closed";
  } else if (kind == SSL_ERROR_SYSCALL && system_error != 0) {
    reason = std::generic_category().message(system_error);
  } else if (reason.empty()) {
    reason = "truncated";
  }
  return Step::failed(Errc::data_broken, operation, std::move(reason));
}

bool Stream::received_close_notify() const { return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0; }

Stream::Step Stream::read_tls_step(MutableBytes buffer) {
  if (!established_) return Step::failed(Errc::data_broken, "read", "the TLS handshake was not finished");
  if (read_failure_) return Step::failed(*read_failure_);
  std::size_t total = 0;
  // One call returns one record at most; those already here are taken at once.
  do {
    std::size_t count = 0;
    forget_errors();
    const int outcome = SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &count);
    total += count;
    if (outcome == 1) continue;
    // The peer said its goodbye: a reset behind it (it closed without reading ours) takes nothing back.
    if (received_close_notify()) break;
    Step step = tls_step(outcome, "read");
    if (step.kind == Step::Kind::failed) {
      read_failure_ = step.error;
      write_broken_ = true;
    }
    if (total > 0) break;
    return step;
  } while (total < buffer.size() && SSL_has_pending(ssl_.get()) == 1);
  return Step::done(total);
}

Stream::Step Stream::write_tls_step(ByteView bytes) {
  if (!established_ || write_broken_) return Step::failed(Errc::data_broken, "write", "the TLS connection is over");
  forget_errors();
  std::size_t count = 0;
  const int outcome = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
  return outcome == 1 ? Step::done(count) : tls_step(outcome, "write");
}

Stream::Step Stream::send_file_tls_step(int file, std::uint64_t offset, std::size_t count) {
  if (!established_ || write_broken_) return Step::failed(Errc::data_broken, "send file", "the TLS connection is over");
  forget_errors();
  const auto sent = SSL_sendfile(ssl_.get(), file, static_cast<off_t>(offset), count, 0);
  return sent >= 0 ? Step::done(static_cast<std::size_t>(sent)) : tls_step(static_cast<int>(sent), "send file");
}

Stream::Step Stream::close_notify_step(const async::Watchdog& limit) {
  if (limit.expired()) return Step::failed(Errc::timed_out, "finish", {});
  forget_errors();
  // OpenSSL refuses to say goodbye before it has sent a ticket that was offered.
  if (SSL_in_init(ssl_.get())) {
    if (const int sent = SSL_do_handshake(ssl_.get()); sent != 1) return tls_step(sent, "finish");
  }
  const int outcome = SSL_shutdown(ssl_.get());
  if (outcome >= 0) return Step::done(0);
  // SSL_shutdown of a connection whose close_notify is out looks for the peer's; finish() does that by reading.
  if ((SSL_get_shutdown(ssl_.get()) & SSL_SENT_SHUTDOWN) != 0 && !SSL_want_write(ssl_.get())) return Step::done(0);
  return tls_step(outcome, "finish");
}

std::string Stream::cipher() const {
  if (!ssl_) return {};
  return std::string(SSL_get_version(ssl_.get())) + ' ' + SSL_get_cipher_name(ssl_.get());
}

std::vector<std::string> Stream::client_names() const {
  return established_ ? verified_client_names(ssl_.get()) : std::vector<std::string>();
}

bool Stream::resumed_from(const Stream& control) const {
  return ssl_ && control.ssl_ && SSL_session_reused(ssl_.get()) == 1 && same_mark(ssl_.get(), control.ssl_.get());
}

void Stream::offer_ticket() {
  if (role_ != Role::control || !established_ || SSL_version(ssl_.get()) != TLS1_3_VERSION) return;
  // A refusal costs the peer a full handshake at worst; nobody has to be told.
  SSL_new_session_ticket(ssl_.get());
  ERR_clear_error();
}

bool Stream::can_send_file() const {
  return !ssl_ || (established_ && BIO_get_ktls_send(SSL_get_wbio(ssl_.get())) != 0);
}

}  // namespace gantry::tls
