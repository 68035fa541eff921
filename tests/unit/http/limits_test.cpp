// Time limits and cancellation at each stage of a request. Outcomes are asserted, not times: each test would hang
// for a minute, and fail, if its limit did not work.
#include "tests/unit/http/fixture.hpp"

namespace gantry::http {
namespace {

const std::string large_body(32 << 20, 'x');

Task<void> say_nothing(Peer& peer) { co_await peer.wait_for_end(); }

class HttpLimits : public HttpTest {
 protected:
  /// Starts `request`, cancels it once it waits, and returns what came of it.
  Task<std::string> cancelled_fetch(Client& client, Request request) {
    std::string outcome;
    auto work = [](Client& c, Request r, std::string& out) -> Task<void> { out = co_await fetch(c, std::move(r)); };
    async::Child child(io.get_executor(), "request", work(client, std::move(request), outcome));
    co_await async::sleep_for(30ms);
    EXPECT_TRUE(child.running());
    child.cancel();
    co_await child.join();
    co_return outcome;
  }
};

TEST_F(HttpLimits, NoAnswerTimesOut) {
  auto& server = serve(say_nothing);
  auto client = client_for(server, {.stall_timeout = 50ms});
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "timed_out"); });
}

TEST_F(HttpLimits, TheResponseLimitMayBeLongerThanTheStallLimit) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.read_body(4);
    co_await async::sleep_for(200ms);
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = client_for(server, {.stall_timeout = 50ms});
  run([&]() -> Task<void> {
    Request request = put("/a", "body");
    request.response_timeout = 20s;
    EXPECT_EQ(co_await fetch(*client, std::move(request)), "200 ");
    request = put("/a", "body");
    request.response_timeout = 20ms;
    EXPECT_EQ(co_await fetch(*client, std::move(request)), "timed_out");
  });
}

TEST_F(HttpLimits, AServerThatStopsReadingTimesOut) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await async::sleep_for(30s);
  });
  auto client = client_for(server, {.stall_timeout = 100ms});
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, put("/a", large_body)), "timed_out"); });
}

TEST_F(HttpLimits, ABodyThatStopsTimesOut) {
  for (const char* framing : {"Content-Length: 10", "Transfer-Encoding: chunked"}) {
    auto& server = serve([framing](Peer& peer) -> Task<void> {
      co_await peer.read_head();
      co_await peer.send(std::string("HTTP/1.1 200 OK\r\n") + framing + "\r\n\r\n3\r\nabc\r\n");
      co_await peer.wait_for_end();
    });
    auto client = client_for(server, {.stall_timeout = 50ms});
    run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "timed_out"); });
    io.restart();
  }
}

TEST_F(HttpLimits, ConnectingHasALimit) {
  // A listener with a full backlog: the kernel lets further connections hang.
  Tcp::acceptor full(io, Tcp::v4());
  full.bind({asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::deque<Tcp::socket> filling;
  for (int i = 0; i < 8; ++i) {
    filling.emplace_back(io).async_connect(full.local_endpoint(), [](boost::system::error_code) {});
  }
  auto client = client_for(Origin{false, "127.0.0.1", full.local_endpoint().port()}, {.connect_timeout = 100ms});
  run([&]() -> Task<void> {
    co_await async::sleep_for(20ms);
    auto response = co_await client->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::timed_out);
    EXPECT_EQ(
        co_await cancelled_fetch(*client_for(Origin{false, "127.0.0.1", full.local_endpoint().port()}), get("/a")),
        "cancelled");
    filling.clear();
  });
}

TEST_F(HttpLimits, TheTlsHandshakeHasALimit) {
  auto& server = serve(say_nothing);
  auto client = client_for(Origin{true, "127.0.0.1", server.port()}, {.connect_timeout = 50ms});
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "timed_out"); });
}

TEST_F(HttpLimits, TheProxyHasALimit) {
  auto& server = serve(say_nothing);
  auto client = client_for(Origin{true, "store.invalid", 443},
                           {.proxy = Proxy{"127.0.0.1", server.port(), "", {}}, .connect_timeout = 50ms});
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "timed_out"); });
}

TEST_F(HttpLimits, CancelWhileWaitingForTheHead) {
  bool closed = false;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    co_await peer.wait_for_end();
    closed = true;
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await cancelled_fetch(*client, get("/a")), "cancelled");
    while (!closed) co_await async::sleep_for(1ms);
  });
}

TEST_F(HttpLimits, CancelWhileSending) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await async::sleep_for(30s);
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await cancelled_fetch(*client, put("/a", large_body)), "cancelled");
    Request expecting = put("/a", large_body);
    expecting.expect_continue = true;
    EXPECT_EQ(co_await cancelled_fetch(*client, std::move(expecting)), "cancelled");
  });
}

TEST_F(HttpLimits, CancelWhileReadingTheBody) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    co_await peer.wait_for_end();
  });
  auto client = client_for(server);
  run([&]() -> Task<void> { EXPECT_EQ(co_await cancelled_fetch(*client, get("/a")), "cancelled"); });
}

TEST_F(HttpLimits, CancelDuringTheTlsHandshakeAndTheProxy) {
  auto& server = serve(say_nothing);
  auto direct = client_for(Origin{true, "127.0.0.1", server.port()});
  auto proxied = client_for(Origin{true, "store.invalid", 443}, {.proxy = Proxy{"127.0.0.1", server.port(), "", {}}});
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await cancelled_fetch(*direct, get("/a")), "cancelled");
    EXPECT_EQ(co_await cancelled_fetch(*proxied, get("/a")), "cancelled");
  });
}

TEST_F(HttpLimits, CancelWhileWaitingForAConnectionFreesThePlaceInTheQueue) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    while (!(co_await peer.read_head()).empty()) co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  auto client = client_for(server, {.max_connections = 1});
  run([&]() -> Task<void> {
    auto held = co_await client->send(get("/held"));
    EXPECT_TRUE(held);
    EXPECT_EQ(co_await cancelled_fetch(*client, get("/a")), "cancelled");
    EXPECT_EQ(co_await (*held)->read_all(10), "ok");
    EXPECT_EQ(co_await fetch(*client, get("/b")), "200 ok");
  });
}

TEST_F(HttpLimits, CancelAndTimeOutWhileResolving) {
  // Both threads of the pool are busy, so the look-up cannot even begin.
  std::promise<void> release;
  auto busy = release.get_future().share();
  auto client = client_for(Origin{false, "localhost", 9}, {.connect_timeout = 50ms});
  auto patient = client_for(Origin{false, "localhost", 9});
  run([&]() -> Task<void> {
    async::TaskGroup group(io.get_executor());
    auto block = [&]() -> Task<void> { static_cast<void>(co_await pool.run([busy] { busy.wait(); })); };
    group.spawn("busy", block());
    group.spawn("busy", block());
    co_await async::sleep_for(5ms);
    EXPECT_EQ(co_await fetch(*client, get("/a")), "timed_out");
    EXPECT_EQ(co_await cancelled_fetch(*patient, get("/a")), "cancelled");
    client.reset();  // the look-up goes on without its client
    release.set_value();
    co_await group.join();
  });
}

}  // namespace
}  // namespace gantry::http
