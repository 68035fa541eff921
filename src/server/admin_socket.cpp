#include "server/admin_socket.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

#include "async/event.hpp"
#include "async/watchdog.hpp"
#include "base/log.hpp"

namespace gantry::server {
namespace {

/// For the request to arrive and for the answer to be taken.
constexpr auto peer_limit = std::chrono::seconds(10);
/// Administrators at once; more are turned away.
constexpr std::size_t most_peers = 16;
/// Without free descriptors accept fails at once, again and again.
constexpr auto accept_pause = std::chrono::milliseconds(100);

using Protocol = asio::local::stream_protocol;

bool somebody_listens(const std::string& path) {
  asio::io_context context(1);
  Protocol::socket probe(context);
  boost::system::error_code error;
  probe.connect(Protocol::endpoint(path), error);
  return !error;
}

/// Removes a socket that an ended server left behind; the reason why not otherwise.
std::string make_room(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return path + " is there and no socket";
  if (somebody_listens(path)) return "another server listens on " + path;
  return ::unlink(path.c_str()) == 0 ? std::string() : path + " cannot be removed";
}

bool may_ask(Protocol::socket& socket) {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

}  // namespace

Result<std::unique_ptr<AdminSocket>> AdminSocket::open(const asio::any_io_executor& executor, const std::string& path,
                                                       Answer answer) {
  const auto complain = [&](const std::string& reason) {
    return fail(Errc::unavailable, "server.admin_socket", reason);
  };
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return complain(path + " is too long for a Unix socket");
  if (const std::string reason = make_room(path); !reason.empty()) return complain(reason);
  Protocol::acceptor acceptor(executor);
  boost::system::error_code error;
  acceptor.open(Protocol(), error);
  if (!error) acceptor.bind(Protocol::endpoint(path), error);
  if (error) return complain(fmt::format("cannot make {}: {}", path, error.message()));
  // Until listen() everybody is refused: nobody gets in between.
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) return complain("the mode of " + path + " cannot be set");
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return complain(fmt::format("cannot listen on {}: {}", path, error.message()));
  return std::unique_ptr<AdminSocket>(new AdminSocket(std::move(acceptor), path, std::move(answer)));
}

AdminSocket::AdminSocket(Protocol::acceptor acceptor, std::string path, Answer answer)
    : acceptor_(std::move(acceptor)), path_(std::move(path)), answer_(std::move(answer)) {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
}

AdminSocket::~AdminSocket() { remove_file(); }

void AdminSocket::stop() {
  remove_file();
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

/// Only the own one: another server may have taken the name meanwhile.
void AdminSocket::remove_file() {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_)
    ::unlink(path_.c_str());
}

Task<void> AdminSocket::run() {
  async::TaskGroup peers(acceptor_.get_executor());
  while (acceptor_.is_open() && !co_await async::cancelled()) {
    boost::system::error_code error;
    Protocol::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) break;
    if (error)
      co_await async::sleep_for(accept_pause);
    else if (peers.size() < most_peers)
      peers.spawn("admin", serve(std::move(socket)));
  }
  peers.cancel();
  co_await peers.join();
}

Task<void> AdminSocket::serve(Protocol::socket socket) {
  async::Watchdog deadline(acceptor_.get_executor(), peer_limit, [&] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  std::string line;
  boost::system::error_code error;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(line, longest_admin_request), '\n',
                                  asio::redirect_error(asio::use_awaitable, error));
  // What is asked is done to its end, whoever is gone meanwhile.
  co_await async::shield();
  deadline.restart(admin_answer_limit);
  AdminAnswer answer;
  boost::system::error_code not_json;
  if (!may_ask(socket)) {
    answer = refusal(Exit::failed, "only root and the user of the server may ask");
  } else if (error == asio::error::not_found) {
    answer = refusal(Exit::usage, fmt::format("the request is longer than {} bytes", longest_admin_request));
  } else if (error) {
    co_return;
  } else if (auto request = json::parse(line, not_json); not_json || !request.is_object()) {
    answer = refusal(Exit::usage, "the request is not a JSON object on one line");
  } else {
    answer = co_await answer_(std::move(request.get_object()));
  }
  const std::string text = json::serialize(to_json(std::move(answer))) + "\n";
  deadline.restart(peer_limit);
  co_await asio::async_write(socket, asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
}

}  // namespace gantry::server
