#include "tests/unit/transfer/small_server.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gantry::transfer {
namespace {

void say(int peer, const std::string& line) {
  const std::string whole = line + "\r\n";
  (void)::send(peer, whole.data(), whole.size(), MSG_NOSIGNAL);
}

bool readable(int descriptor) {
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, 20) > 0;
}

}  // namespace

SmallServer::SmallServer(unsigned most) : most_(most) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, plain, size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, plain, &size) != 0)
    throw std::runtime_error("no port for the server of the test");
  port_ = ntohs(address.sin_port);
  listening_ = std::thread([this] { listen(); });
}

SmallServer::~SmallServer() {
  ended_ = true;
  listening_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

std::unique_ptr<ftp::Connection> SmallServer::connect(const std::atomic<bool>& stop) const {
  ftp::ConnectionOptions options;
  options.stop = &stop;
  return std::make_unique<ftp::Connection>(
      ftp::Site{.host = "127.0.0.1", .port = port_, .security = ftp::Security::off, .user = "u", .password = {}},
      options);
}

void SmallServer::answer_logins(const std::string& reply) {
  const std::scoped_lock lock(mutex_);
  login_reply_ = reply;
}

void SmallServer::listen() {
  while (!ended_) {
    if (!readable(listener_)) continue;
    const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer >= 0) threads_.emplace_back([this, peer] { serve(peer); });
  }
}

void SmallServer::serve(int peer) {
  const bool welcome = ++connected_ <= most_;
  if (!welcome) ++refused_;
  say(peer, welcome ? "220 hello" : "421 too many connections");
  std::string line;
  while (welcome && !ended_) {
    char byte = 0;
    if (!readable(peer)) continue;
    if (::recv(peer, &byte, 1, 0) != 1) break;
    if (byte != '\n') {
      line += byte;
      continue;
    }
    const std::string verb = line.substr(0, 4);
    line.clear();
    if (verb == "USER") {
      say(peer, "331 password");
    } else if (verb == "PASS") {
      ++logins_;
      const std::scoped_lock lock(mutex_);
      say(peer, login_reply_);
    } else {
      say(peer, verb == "PWD\r" ? "257 \"/\"" : verb == "FEAT" ? "211 none" : "200 yes");
    }
  }
  --connected_;
  ::close(peer);
}

}  // namespace gantry::transfer
