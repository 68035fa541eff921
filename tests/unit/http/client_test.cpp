// Requests and responses over keep-alive connections, against a server that plays a script.
#include "tests/unit/http/fixture.hpp"

namespace gantry::http {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Task<void> answer_ok(Peer& peer) {
  while (!(co_await peer.read_head()).empty()) co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

TEST_F(HttpTest, ReusesAConnection) {
  auto& server = serve(answer_ok);
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
    EXPECT_EQ(co_await fetch(*client, get("/b")), "200 ok");
    EXPECT_EQ(server.connections(), 1);
  });
}

TEST_F(HttpTest, WritesTheRequestAsGiven) {
  std::string head;
  std::string body;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    head = co_await peer.read_head();
    body = co_await peer.read_body(10);
    co_await peer.send("HTTP/1.1 204 No Content\r\nX-One: 1\r\n\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    Request request{.method = "PUT", .target = "/a%20b?x=%2F", .headers = {{"X-Amz-Date", "now"}}};
    request.body = {as_byte_view("0123"), as_byte_view(""), as_byte_view("456789")};
    auto response = co_await client->send(std::move(request));
    EXPECT_TRUE(response);
    if (!response) co_return;
    EXPECT_EQ((*response)->status(), 204);
    EXPECT_EQ((*response)->header("x-one"), "1");
    EXPECT_FALSE((*response)->header("x-two"));
    EXPECT_EQ(co_await (*response)->read_all(10), "");
  });
  EXPECT_THAT(head, StartsWith("PUT /a%20b?x=%2F HTTP/1.1\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Amz-Date: now\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 10\r\n"));
  EXPECT_EQ(body, "0123456789");
}

TEST_F(HttpTest, RefusesARequestThatWouldSmuggleAnother) {
  auto& server = serve(answer_ok);
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a b")), "invalid");
    EXPECT_EQ(co_await fetch(*client, get("/\r\nx")), "invalid");
    EXPECT_EQ(co_await fetch(*client, Request{"GET", "/", {{"X", "a\r\nY: b"}}, {}}), "invalid");
    EXPECT_EQ(co_await fetch(*client, Request{"G T", "/", {}, {}}), "invalid");
    EXPECT_EQ(server.connections(), 0);
  });
}

TEST_F(HttpTest, RepeatsOnceWhenAPooledConnectionIsStale) {
  int requests = 0;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    ++requests;
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (requests == 1) {
      // Takes the second request and drops it unanswered: what a server's idle timeout looks like at its worst.
      co_await peer.read_head();
    }
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
    EXPECT_EQ(co_await fetch(*client, put("/b", "body")), "200 ok");
    EXPECT_EQ(server.connections(), 2);
  });
}

TEST_F(HttpTest, NeverRepeatsOnAFreshConnection) {
  auto& server = serve([](Peer& peer) -> Task<void> { co_await peer.read_head(); });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "unavailable");
    EXPECT_EQ(server.connections(), 1);
  });
}

TEST_F(HttpTest, NeverRepeatsOnceAResponseBegan) {
  int requests = 0;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    while (!(co_await peer.read_head()).empty()) {
      if (++requests == 2) {
        co_await peer.send("HTTP/1.1 200");
        co_return;
      }
      co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
    EXPECT_EQ(co_await fetch(*client, get("/b")), "unavailable");
    EXPECT_EQ(server.connections(), 1);
  });
}

TEST_F(HttpTest, DoesNotUseAnExpiredConnection) {
  auto& server = serve(answer_ok);
  auto client = client_for(server, {.keep_alive = 0ms});
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
    EXPECT_EQ(co_await fetch(*client, get("/b")), "200 ok");
    EXPECT_EQ(server.connections(), 2);
  });
}

TEST_F(HttpTest, ReadsAChunkedBodyAfterKeepAliveBlanks) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    while (!(co_await peer.read_head()).empty()) {
      co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n \r\n");
      co_await async::sleep_for(20ms);
      co_await peer.send("1\r\n\n\r\n5\r\n<ok/>\r\n");
      co_await peer.send("0\r\nX-Trailer: 1\r\n\r\n");
    }
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200  \n<ok/>");
    EXPECT_EQ(co_await fetch(*client, get("/b")), "200  \n<ok/>");
    EXPECT_EQ(server.connections(), 1);
  });
}

TEST_F(HttpTest, ReadsAChunkedBodyThroughASmallBuffer) {
  std::string body(100'000, 'x');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  auto& server = serve([&](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n" + body + "\r\n0\r\n\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    EXPECT_TRUE(response);
    std::string got;
    std::array<std::byte, 777> buffer{};
    for (;;) {
      auto size = co_await (*response)->read(buffer);
      EXPECT_TRUE(size);
      if (!size || *size == 0) break;
      got += as_text(std::span(buffer).first(*size));
    }
    EXPECT_EQ(got, body);
  });
}

TEST_F(HttpTest, ReadsABodyThatEndsWithTheConnection) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "200 until the end"); });
}

TEST_F(HttpTest, AShortBodyIsAnError) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    EXPECT_TRUE(response);
    EXPECT_EQ((*response)->content_length(), 10U);
    auto body = co_await (*response)->read_all(100);
    EXPECT_FALSE(body);
    EXPECT_EQ(body.error().code, Errc::unavailable);
    EXPECT_THAT(body.error().detail, HasSubstr("5 of 10"));
    std::array<std::byte, 10> buffer{};
    EXPECT_FALSE(co_await (*response)->read(buffer));
  });
}

TEST_F(HttpTest, ATruncatedChunkedBodyIsAnError) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "unavailable"); });
}

TEST_F(HttpTest, ReadAllKeepsItsLimit) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    while (!(co_await peer.read_head()).empty()) {
      co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890");
    }
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    auto body = co_await (*response)->read_all(9);
    EXPECT_FALSE(body);
    EXPECT_EQ(body.error().code, Errc::too_large);
    response = co_await client->send(get("/a"));
    EXPECT_EQ(co_await (*response)->read_all(10), "1234567890");
  });
}

TEST_F(HttpTest, AHeadResponseHasNoBody) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    while (!(co_await peer.read_head()).empty()) co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    for (int i = 0; i < 2; ++i) {
      auto response = co_await client->send(Request{.method = "HEAD", .target = "/a"});
      EXPECT_TRUE(response);
      EXPECT_EQ((*response)->content_length(), 99U);
      EXPECT_EQ(co_await (*response)->read_all(10), "");
    }
    EXPECT_EQ(server.connections(), 1);
  });
}

TEST_F(HttpTest, AResponseDroppedEarlyClosesItsConnection) {
  bool ended = false;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
    co_await peer.wait_for_end();
    ended = true;
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    {
      auto response = co_await client->send(get("/a"));
      EXPECT_TRUE(response);
    }
    while (!ended) co_await async::sleep_for(1ms);
  });
  EXPECT_TRUE(ended);
}

TEST_F(HttpTest, TheClientMayGoBeforeItsResponses) {
  auto& server = serve(answer_ok);
  auto client = client_for(server);
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    client.reset();
    EXPECT_EQ(co_await (*response)->read_all(10), "ok");
  });
}

TEST_F(HttpTest, ConnectionCloseIsObeyed) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    co_await peer.wait_for_end();
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
    EXPECT_EQ(co_await fetch(*client, get("/b")), "200 ok");
    EXPECT_EQ(server.connections(), 2);
  });
}

TEST_F(HttpTest, ContinueLetsTheBodyPass) {
  std::string before;
  std::string body;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    const std::string head = co_await peer.read_head();
    EXPECT_THAT(head, HasSubstr("Expect: 100-continue"));
    before = peer.pending;
    co_await peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    body = co_await peer.read_body(5);
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    Request request = put("/a", "12345");
    request.expect_continue = true;
    EXPECT_EQ(co_await fetch(*client, std::move(request)), "200 ");
  });
  EXPECT_EQ(before, "");
  EXPECT_EQ(body, "12345");
}

TEST_F(HttpTest, AFinalAnswerInsteadOfContinueKeepsTheBodyBack) {
  std::string rest;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    rest = co_await peer.read_body(5);
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    Request request = put("/a", "12345");
    request.expect_continue = true;
    EXPECT_EQ(co_await fetch(*client, std::move(request)), "403 no");
    client.reset();
  });
  EXPECT_EQ(rest, "");
}

TEST_F(HttpTest, ASilentServerGetsTheBodyAfterASecond) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    EXPECT_EQ(co_await peer.read_body(5), "12345");
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    Request request = put("/a", "12345");
    request.expect_continue = true;
    EXPECT_EQ(co_await fetch(*client, std::move(request)), "200 ");
  });
}

TEST_F(HttpTest, SeesAnEarlyErrorWhileTheServerStopsReading) {
  const std::string body(32 << 20, 'x');
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 503 Slow Down\r\nContent-Length: 4\r\n\r\nslow");
    co_await async::sleep_for(10s);  // reads nothing more; the client's answer must not wait for it
  });
  auto client = client_for(server, {.stall_timeout = 5s});
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, put("/a", body)), "503 slow"); });
}

TEST_F(HttpTest, SeesAnEarlyErrorBeforeAReset) {
  const std::string body(32 << 20, 'x');
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    peer.socket.shutdown(Tcp::socket::shutdown_send);
    co_await async::sleep_for(20ms);  // then the unread bytes make the kernel send a reset
  });
  auto client = client_for(server);
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, put("/a", body)), "403 no"); });
}

TEST_F(HttpTest, SendsALargeBodyInManyPieces) {
  std::string block(3 << 20, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 7 / 3);
  std::string got;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    got = co_await peer.read_body(block.size());
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = client_for(server);
  run([&]() -> Task<void> {
    Request request{.method = "PUT", .target = "/a"};
    const ByteView all = as_byte_view(block);
    for (std::size_t at = 0; at < all.size(); at += 1000) {
      request.body.push_back(all.subspan(at, std::min<std::size_t>(1000, all.size() - at)));
    }
    EXPECT_EQ(co_await fetch(*client, std::move(request)), "200 ");
  });
  EXPECT_EQ(got, block);
}

TEST_F(HttpTest, AnEndlessHeadIsRefused) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\n");
    while (co_await peer.send("X-Filler: " + std::string(100, 'x') + "\r\n")) {
    }
  });
  auto client = client_for(server);
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "unavailable"); });
}

TEST_F(HttpTest, SaysWhatToCheckWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    Tcp::acceptor taken(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    port = taken.local_endpoint().port();
  }
  auto client = client_for(Origin{false, "127.0.0.1", port});
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unavailable);
    EXPECT_EQ(response.error().detail,
              "connect 127.0.0.1:" + std::to_string(port) + ": connection refused; check endpoint and network");
  });
}

TEST_F(HttpTest, ResolvesNames) {
  auto& server = serve(answer_ok);
  auto client = client_for(Origin{false, "localhost", server.port()});
  auto lost = client_for(Origin{false, "no-such-host.invalid", 80});
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
    auto response = co_await lost->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_THAT(response.error().detail, StartsWith("resolve no-such-host.invalid: "));
  });
}

TEST_F(HttpTest, WaitersGetConnectionsInOrder) {
  auto& server = serve(answer_ok);
  auto client = client_for(server, {.max_connections = 1});
  std::vector<int> order;
  run([&]() -> Task<void> {
    auto held = co_await client->send(get("/held"));
    EXPECT_TRUE(held);
    async::TaskGroup group(io.get_executor());
    auto one = [&](int number) -> Task<void> {
      EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
      order.push_back(number);
    };
    for (int i = 0; i < 5; ++i) group.spawn("waiter", one(i));
    co_await async::sleep_for(10ms);
    EXPECT_TRUE(order.empty());
    EXPECT_EQ(co_await (*held)->read_all(10), "ok");
    co_await group.join();
  });
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpTest, ADroppedConnectionMakesRoomForAWaiter) {
  auto& server = serve(answer_ok);
  auto client = client_for(server, {.max_connections = 1});
  run([&]() -> Task<void> {
    auto held = co_await client->send(get("/held"));
    async::TaskGroup group(io.get_executor());
    auto other = [&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok"); };
    group.spawn("waiter", other());
    co_await async::sleep_for(10ms);
    held->reset();
    co_await group.join();
    EXPECT_EQ(server.connections(), 2);
  });
}

TEST_F(HttpTest, WaitingForAConnectionHasALimit) {
  auto& server = serve(answer_ok);
  auto client = client_for(server, {.max_connections = 1, .stall_timeout = 50ms});
  run([&]() -> Task<void> {
    auto held = co_await client->send(get("/held"));
    EXPECT_TRUE(held);
    EXPECT_EQ(co_await fetch(*client, get("/a")), "timed_out");
    held->reset();
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok");
  });
}

TEST_F(HttpTest, PlainHttpThroughAProxyUsesTheAbsoluteForm) {
  std::string head;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    head = co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  ClientOptions options;
  options.proxy = Proxy{"127.0.0.1", server.port(), "user", Secret("pass")};
  auto client = client_for(Origin{false, "store.invalid", 80}, options);
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, get("/a")), "200 ok"); });
  EXPECT_THAT(head, StartsWith("GET http://store.invalid/a HTTP/1.1\r\nHost: store.invalid\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n"));
}

}  // namespace
}  // namespace gantry::http
