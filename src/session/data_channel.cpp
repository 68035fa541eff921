#include "session/data_channel.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>

#include <optional>

#include "async/event.hpp"
#include "async/watchdog.hpp"
#include "base/log.hpp"
#include "session/address.hpp"

namespace gantry::session {
namespace {

/// The peer's close_notify is waited for so long (design: "answered within 2 s").
constexpr auto goodbye_limit = std::chrono::seconds(2);

/// Whether a connection comes from the client. `remote` is accept's own answer: a connection that was reset meanwhile
/// no longer knows its peer, and would look a stranger.
bool from_peer(const Session& session, const Tcp::endpoint& remote) {
  if (unmapped(remote.address()) == session.peer()) return true;
  log::warning("stranger on a passive port",
               {{"session", session.id()}, {"peer", session.peer_text()}, {"stranger", remote.address().to_string()}});
  return false;
}

/// The client's connection, if it is there already: most clients connect before they ask for a transfer.
std::optional<Tcp::socket> accept_waiting(Session& session, Tcp::acceptor& acceptor) {
  for (;;) {
    Tcp::socket socket(session.executor());
    Tcp::endpoint remote;
    boost::system::error_code error;
    acceptor.accept(socket, remote, error);
    if (error) return std::nullopt;  // nobody yet; a failure will be met again
    if (from_peer(session, remote)) return socket;
  }
}

Task<Result<Tcp::socket>> accept_from_peer(Session& session, PassiveListener listener) {
  if (auto socket = accept_waiting(session, listener.acceptor)) co_return std::move(*socket);
  async::Watchdog limit(session.executor(), session.config().server.data_open_timeout, [&listener] {
    boost::system::error_code ignored;
    listener.acceptor.close(ignored);
  });
  for (;;) {
    Tcp::socket socket(session.executor());
    Tcp::endpoint remote;
    boost::system::error_code error;
    co_await listener.acceptor.async_accept(socket, remote, asio::redirect_error(asio::use_awaitable, error));
    if (limit.expired()) co_return fail(Errc::data_open_failed, "passive", "nobody connected in time");
    if (error == asio::error::operation_aborted) co_return fail(Errc::cancelled, "passive");
    if (error) co_return fail(Errc::data_open_failed, "passive", error.message());
    if (from_peer(session, remote)) co_return std::move(socket);
  }
}

Task<Result<Tcp::socket>> connect_to_peer(Session& session, proto::HostPort target) {
  boost::system::error_code error;
  auto address = asio::ip::make_address(target.address, error);
  if (error) co_return fail(Errc::data_open_failed, "active", error.message());
  Tcp::endpoint endpoint(address, target.port);
  Tcp::socket socket(session.executor());
  async::Watchdog limit(session.executor(), session.config().server.data_open_timeout, [&socket] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  // From the address the client knows us by: firewalls on its side expect that one.
  auto local = session.control().stream().local_endpoint().address();
  socket.open(endpoint.protocol(), error);
  if (!error && unmapped(local).is_v4() == address.is_v4()) socket.bind(Tcp::endpoint(unmapped(local), 0), error);
  if (error) co_return fail(Errc::data_open_failed, "active", error.message());
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (limit.expired()) co_return fail(Errc::data_open_failed, "active", "no answer in time");
  if (error == asio::error::operation_aborted) co_return fail(Errc::cancelled, "active");
  if (error) co_return fail(Errc::data_open_failed, "active", error.message());
  co_return std::move(socket);
}

Task<Result<void>> protect(Session& session, tls::Stream& data) {
  auto context = session.host().tls();
  if (!context) co_return fail(Errc::data_open_failed, "data tls", "TLS was switched off");
  auto done = co_await data.handshake(std::move(context), tls::Role::data, session.config().tls.handshake_timeout);
  if (!done) {
    if (done.error().code == Errc::cancelled) co_return done;
    co_return fail(Errc::data_open_failed, "data tls", done.error().text());
  }
  bool required = session.config().tls.session_reuse == config::SessionReuse::require;
  if (required && !data.resumed_from(session.control().stream()))
    co_return fail(Errc::data_open_failed, "data tls", "the TLS session of the control connection was not reused");
  co_return Result<void>{};
}

/// Bytes the kernel still holds for the peer; -1 when the socket is gone.
int unacknowledged(int descriptor) {
  int bytes = 0;
  return ioctl(descriptor, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

bool socket_failed(int descriptor) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0;
}

}  // namespace

Task<Result<std::unique_ptr<tls::Stream>>> open_data_connection(Session& session) {
  DataTarget target = std::exchange(session.state.data, {});
  auto socket = target.passive ? co_await accept_from_peer(session, std::move(*target.passive))
                               : co_await connect_to_peer(session, *target.active);
  if (!socket) co_return fail(std::move(socket.error()));
  auto data = std::make_unique<tls::Stream>(std::move(*socket));
  data->moves_much();
  if (session.state.protection == Protection::private_) {
    if (auto secured = co_await protect(session, *data); !secured) co_return fail(std::move(secured.error()));
  }
  co_return std::move(data);
}

Task<Result<void>> finish_sending(Session& session, tls::Stream& data) {
  auto patience = session.config().server.data_stall_timeout;
  auto last_progress = SteadyClock::now();
  Milliseconds pause(2);
  for (int left = unacknowledged(data.native_handle()), before = left; left != 0;) {
    if (left < 0 || socket_failed(data.native_handle()))
      co_return fail(Errc::data_broken, "finish", "the peer reset the connection");
    if (left != before) last_progress = SteadyClock::now();
    if (SteadyClock::now() - last_progress > patience)
      co_return fail(Errc::data_broken, "finish", "the peer stopped reading");
    if (!co_await async::sleep_for(pause)) co_return fail(Errc::cancelled, "finish");
    pause = std::min(pause * 2, Milliseconds(100));
    before = std::exchange(left, unacknowledged(data.native_handle()));
  }
  co_await data.finish(goodbye_limit);
  co_return Result<void>{};
}

Task<void> finish_receiving(tls::Stream& data) { co_await data.finish(goodbye_limit); }

}  // namespace gantry::session
