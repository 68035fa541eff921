#include "tls/stream.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "async/turns.hpp"
#include "async/watchdog.hpp"
#include "tls/step.hpp"

namespace gantry::tls {
namespace {

/// One sendfile call keeps the lane while it copies; the next call comes after the others had their turn.
constexpr std::size_t send_file_at_once = std::size_t{1} << 20;
/// A peer that waits for an answer has sent less; one that floods us is no reason to stay.
constexpr std::size_t drop_limit = 64 * 1024;

void ignore_broken_pipes() {
  static const bool once = [] {
    struct sigaction now{};
    if (sigaction(SIGPIPE, nullptr, &now) == 0 && now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
    return true;
  }();
  static_cast<void>(once);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

std::string text_of(int error) { return std::generic_category().message(error); }

/// Takes what the kernel has received so far, up to a limit.
std::size_t drop_received(int descriptor) {
  std::array<char, 4096> dropped;
  std::size_t total = 0;
  while (total < drop_limit) {
    const ssize_t count = recv(descriptor, dropped.data(), dropped.size(), MSG_DONTWAIT);
    if (count > 0) total += static_cast<std::size_t>(count);
    if (count == 0 || (count < 0 && errno != EINTR)) break;
  }
  return total;
}

}  // namespace

Stream::Stream(Tcp::socket socket)
    : executor_(socket.get_executor()),
      socket_(std::move(socket)),
      descriptor_(socket_.native_handle()),
      turns_(async::Turns::of(executor_)) {
  ignore_broken_pipes();
  boost::system::error_code ignored;
  socket_.native_non_blocking(true, ignored);
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.set_option(Tcp::socket::out_of_band_inline(true), ignored);
  local_ = socket_.local_endpoint(ignored);
  remote_ = socket_.remote_endpoint(ignored);
}

Stream::~Stream() { close(); }

void Stream::close() {
  descriptor_ = -1;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void Stream::abort() {
  boost::system::error_code ignored;
  if (open()) socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

std::size_t Stream::drop_unread_clear_bytes() { return open() && !encrypted() ? drop_received(descriptor_) : 0; }

Task<Result<std::size_t>> Stream::read_some(MutableBytes buffer) {
  return drive("read", [this, buffer] { return read_step(buffer); });
}

Task<Result<std::size_t>> Stream::read_later(MutableBytes buffer) {
  return drive("read", [this, buffer, waited = encrypted()]() mutable {
    return std::exchange(waited, true) ? read_step(buffer) : Step::wait_read();
  });
}

Stream::Step Stream::read_step(MutableBytes buffer) { return ssl_ ? read_tls_step(buffer) : read_clear_step(buffer); }

Stream::Step Stream::read_clear_step(MutableBytes buffer) const {
  for (;;) {
    const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count >= 0) return Step::done(static_cast<std::size_t>(count));
    if (would_block(errno)) return Step::wait_read();
    if (errno != EINTR) return Step::failed(Errc::data_broken, "read", text_of(errno));
  }
}

Task<Result<std::size_t>> Stream::read_into_pipe(int pipe, std::size_t count) {
  return drive("read", [this, pipe, count, waited = false]() mutable {
    return splice_step(pipe, count, std::exchange(waited, true));
  });
}

/// `readable`: the socket was waited for and said that there is something.
Stream::Step Stream::splice_step(int pipe, std::size_t count, bool readable) const {
  for (;;) {
    const ssize_t got = splice(descriptor_, nullptr, pipe, nullptr, count, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
    if (got > 0) return Step::done(static_cast<std::size_t>(got));
    if (got == 0) return step_without_splice();
    if (would_block(errno)) return readable ? step_without_splice() : Step::wait_read();
    if (errno == EINVAL) return Step::failed(Errc::unsupported, "read", text_of(errno));
    if (errno != EINTR) return Step::failed(Errc::data_broken, "read", text_of(errno));
  }
}

/// What is there when splice gives nothing. It never passes urgent bytes: before them it says that nothing has come,
/// and once the peer has ended, that this is the end. Only recv knows what is.
Stream::Step Stream::step_without_splice() const {
  char next = 0;
  for (;;) {
    const ssize_t count = recv(descriptor_, &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (count > 0) return Step::failed(Errc::unsupported, "read", "these bytes cannot be spliced");
    if (count == 0) return Step::done(0);
    if (would_block(errno)) return Step::wait_read();
    if (errno != EINTR) return Step::failed(Errc::data_broken, "read", text_of(errno));
  }
}

Task<Result<void>> Stream::write(ByteView bytes) {
  while (!bytes.empty()) {
    auto sent = co_await drive("write", [this, bytes] { return write_step(bytes); });
    if (!sent) {
      // A TLS record may be half sent: it cannot be taken back, and nothing else may follow it.
      write_broken_ = true;
      co_return fail(std::move(sent.error()));
    }
    bytes = bytes.subspan(*sent);
  }
  co_return Result<void>{};
}

Stream::Step Stream::write_step(ByteView bytes) {
  if (ssl_) return write_tls_step(bytes);
  for (;;) {
    const ssize_t count = send(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return Step::done(static_cast<std::size_t>(count));
    if (would_block(errno)) return Step::wait_write();
    if (errno != EINTR) return Step::failed(Errc::data_broken, "write", text_of(errno));
  }
}

Task<Result<std::size_t>> Stream::send_file(int descriptor, std::uint64_t offset, std::size_t count) {
  auto sent = co_await drive("send file", [this, descriptor, offset, most = std::min(count, send_file_at_once)] {
    return send_file_step(descriptor, offset, most);
  });
  if (!sent) write_broken_ = true;
  co_return sent;
}

Stream::Step Stream::send_file_step(int file, std::uint64_t offset, std::size_t count) {
  if (ssl_) return send_file_tls_step(file, offset, count);
  for (;;) {
    auto from = static_cast<off_t>(offset);
    const ssize_t sent = sendfile(descriptor_, file, &from, count);
    if (sent >= 0) return Step::done(static_cast<std::size_t>(sent));
    if (would_block(errno)) return Step::wait_write();
    if (errno == EINTR) continue;
    const bool of_file = errno == EIO || errno == EBADF || errno == EINVAL || errno == EOVERFLOW || errno == ENOMEM;
    return Step::failed(of_file ? Errc::unavailable : Errc::data_broken, "send file", text_of(errno));
  }
}

/// In clear a peer that has ended already is not waited for.
bool Stream::finish_at_once() {
  boost::system::error_code ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  std::array<std::byte, 256> dropped;
  const Step end = read_clear_step(dropped);
  if (end.kind != Step::Kind::done || end.bytes > 0) return false;
  close();
  return true;
}

Task<bool> Stream::finish(SteadyClock::duration limit) {
  if (!open()) co_return false;
  if (!ssl_ && finish_at_once()) co_return true;
  async::Watchdog watchdog(executor_, limit, [this] {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  });
  turn_ = 0;  // with others before it, its time could be over before it began
  // Whatever keeps the close_notify from leaving keeps the rest of the farewell from nothing.
  if (established_ && !write_broken_)
    static_cast<void>(co_await drive("finish", [&] { return close_notify_step(watchdog); }));
  std::array<std::byte, 4 * 1024> dropped;
  bool peer_ended = false;
  boost::system::error_code ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  for (bool over_tls = established_;;) {
    auto count = co_await drive("finish", [&] {
      if (watchdog.expired()) return Step::failed(Errc::timed_out, "finish", {});
      return over_tls ? read_tls_step(dropped) : read_clear_step(dropped);
    });
    if (count && *count > 0) continue;
    peer_ended = count && (over_tls || !ssl_);
    // After a broken TLS stream the bytes themselves still have to be taken, or closing would reset the connection.
    if (!count && over_tls && count.error().code == Errc::data_broken) {
      over_tls = false;
      continue;
    }
    break;
  }
  // Bytes behind a close_notify mean nothing, but unread they would turn our close into a reset.
  if (open()) drop_received(descriptor_);
  close();
  co_return peer_ended;
}

}  // namespace gantry::tls
