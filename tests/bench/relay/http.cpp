#include "tests/bench/relay/http.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace gantry::bench {
namespace {

constexpr std::size_t max_head = 64 * 1024;

void write_all(int socket, iovec* pieces, std::size_t count) {
  while (count > 0) {
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = count;
    const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0) throw std::runtime_error(fmt::format("send: {}", std::strerror(errno)));
    auto left = static_cast<std::size_t>(sent);
    for (; count > 0 && left >= pieces->iov_len; ++pieces, --count) left -= pieces->iov_len;
    if (count == 0) return;
    pieces->iov_base = static_cast<char*>(pieces->iov_base) + left;
    pieces->iov_len -= left;
  }
}

}  // namespace

std::size_t receive(int socket, std::span<std::byte> into) {
  const auto got = ::recv(socket, into.data(), into.size(), 0);
  if (got < 0) throw std::runtime_error(fmt::format("receive: {}", std::strerror(errno)));
  return static_cast<std::size_t>(got);
}

void send_all(int socket, std::span<const std::byte> bytes) {
  iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
  write_all(socket, &piece, 1);
}

int connect_to(std::uint16_t port) {
  const int opened = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(opened, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(fmt::format("connect: {}", std::strerror(errno)));
  const int on = 1;
  ::setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return opened;
}

StoreConnection::StoreConnection(std::uint16_t port) : port_(port), socket_(connect_to(port)) {}

StoreConnection::~StoreConnection() { ::close(socket_); }

void StoreConnection::ask(std::string_view method, std::string_view target, std::span<const std::byte> body,
                          std::string_view headers) {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n{}", method, target, port_, headers);
  if (method != "GET") head += fmt::format("Content-Length: {}\r\n", body.size());
  head += "\r\n";
  iovec pieces[] = {{head.data(), head.size()}, {const_cast<std::byte*>(body.data()), body.size()}};
  write_all(socket_, pieces, body.empty() ? 1 : 2);
}

void StoreConnection::fill() {
  std::byte more[4096];
  const std::size_t got = receive(socket_, more);
  if (got == 0 || ahead_.size() > max_head) throw std::runtime_error("the store's answer broke off");
  ahead_.append(reinterpret_cast<const char*>(more), got);
}

std::string StoreConnection::line() {
  std::size_t end = 0;
  while ((end = ahead_.find("\r\n")) == std::string::npos) fill();
  std::string text = ahead_.substr(0, end);
  ahead_.erase(0, end + 2);
  return text;
}

std::string StoreConnection::head(std::string_view header) {
  const std::string status = line();
  if (!status.starts_with("HTTP/1.1 2")) throw std::runtime_error("the store answered " + status);
  std::string value;
  left_ = 0;
  chunked_ = false;
  for (std::string text = line(); !text.empty(); text = line()) {
    const auto colon = std::min(text.find(": "), text.size());
    const std::string name = text.substr(0, colon);
    const std::string rest = text.substr(std::min(colon + 2, text.size()));
    if (::strcasecmp(name.c_str(), "Content-Length") == 0) left_ = std::stoull(rest);
    if (::strcasecmp(name.c_str(), "Transfer-Encoding") == 0) chunked_ = true;
    if (name == header) value = rest;
  }
  return value;
}

std::string StoreConnection::text() {
  std::string all;
  const auto take = [&](std::uint64_t size) {
    while (ahead_.size() < size) fill();
    all += ahead_.substr(0, size);
    ahead_.erase(0, size);
  };
  if (!chunked_) {
    take(std::exchange(left_, 0));
    return all;
  }
  for (;;) {
    const std::uint64_t size = std::stoull(line(), nullptr, 16);
    take(size);
    line();
    if (size == 0) return all;
  }
}

std::size_t StoreConnection::body(std::span<std::byte> into) {
  into = into.first(std::min<std::uint64_t>(into.size(), left_));
  if (into.empty()) return 0;
  std::size_t got = std::min(into.size(), ahead_.size());
  if (got > 0) {
    std::memcpy(into.data(), ahead_.data(), got);
    ahead_.erase(0, got);
  } else {
    got = receive(socket_, into);
  }
  if (got == 0) throw std::runtime_error("the store's answer broke off");
  left_ -= got;
  return got;
}

}  // namespace gantry::bench
