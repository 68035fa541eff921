// A test with one lane: a client under test and a server that plays a script, on the same io_context.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <deque>
#include <future>

#include "async/child.hpp"
#include "async/event.hpp"
#include "base/units.hpp"
#include "http/client.hpp"

namespace gantry::http {

using namespace std::chrono_literals;

/// The server's end of one connection; every read and write gives up silently when the client is gone.
class Peer {
 public:
  explicit Peer(Tcp::socket socket) : socket(std::move(socket)) {}

  Task<std::string> read_head() {
    auto [error, size] = co_await asio::async_read_until(socket, asio::dynamic_buffer(pending), "\r\n\r\n",
                                                         asio::as_tuple(asio::use_awaitable));
    if (error) co_return std::string{};
    std::string head = pending.substr(0, size);
    pending.erase(0, size);
    co_return head;
  }

  Task<std::string> read_body(std::size_t size) {
    while (pending.size() < size) {
      char block[16384];
      auto [error, got] = co_await socket.async_read_some(asio::buffer(block), asio::as_tuple(asio::use_awaitable));
      if (error) break;
      pending.append(block, got);
    }
    std::string body = pending.substr(0, size);
    pending.erase(0, body.size());
    co_return body;
  }

  /// False when the client is gone.
  Task<bool> send(std::string text) {
    auto [error, size] = co_await asio::async_write(socket, asio::buffer(text), asio::as_tuple(asio::use_awaitable));
    co_return !error;
  }

  /// Until the client closes.
  Task<void> wait_for_end() {
    while (!(co_await read_body(1)).empty()) {
    }
    ended = true;
  }

  Tcp::socket socket;
  std::string pending;
  bool ended = false;
};

class Server {
 public:
  using Script = std::function<Task<void>(Peer&)>;

  Server(asio::io_context& io, Script script)
      : acceptor_(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        group_(io.get_executor()),
        script_(std::move(script)) {
    group_.spawn("accept", accept());
  }

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

  Task<void> stop() {
    acceptor_.close();
    group_.cancel();
    co_await group_.join();
  }

 private:
  Task<void> accept() {
    for (;;) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      ++connections_;
      group_.spawn("serve", serve(std::move(socket)));
    }
  }

  Task<void> serve(Tcp::socket socket) {
    Peer peer(std::move(socket));
    co_await script_(peer);
  }

  Tcp::acceptor acceptor_;
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  async::TaskGroup group_;
  Script script_;
  int connections_ = 0;
};

class HttpTest : public testing::Test {
 protected:
  ~HttpTest() override { pool.stop(); }

  /// Runs `body` and then everything that is left; a test that does not end within a minute fails.
  void run(std::function<Task<void>()> body) {
    async::Child child(io.get_executor(), "test", drive(std::move(body)));
    io.run_for(60s);
    ASSERT_FALSE(child.running()) << "the test hangs";
  }

  Server& serve(Server::Script script) { return servers_.emplace_back(io, std::move(script)); }

  std::unique_ptr<Client> client_for(const Server& server, ClientOptions options = {}) {
    return client_for(Origin{false, "127.0.0.1", server.port()}, std::move(options));
  }

  std::unique_ptr<Client> client_for(Origin origin, ClientOptions options = {}) {
    auto client = make_client(io.get_executor(), std::move(origin), std::move(options), pool);
    EXPECT_TRUE(client) << client.error().text();
    return std::move(*client);
  }

  asio::io_context io;
  async::BlockingPool pool{2, 16};

 private:
  Task<void> drive(std::function<Task<void>()> body) {
    co_await body();
    for (Server& server : servers_) co_await server.stop();
  }

  std::deque<Server> servers_;
};

inline Request get(std::string target) { return Request{.method = "GET", .target = std::move(target)}; }

inline Request put(std::string target, std::string_view body) {
  return Request{.method = "PUT", .target = std::move(target), .body = {as_byte_view(body)}};
}

/// Sends and reads the body: the text, or the code of the error.
inline Task<std::string> fetch(Client& client, Request request) {
  auto response = co_await client.send(std::move(request));
  if (!response) co_return std::string(to_string(response.error().code));
  auto body = co_await (*response)->read_all(1 << 20);
  co_return body ? std::to_string((*response)->status()) + " " + *body : std::string(to_string(body.error().code));
}

}  // namespace gantry::http
