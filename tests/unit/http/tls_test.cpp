// https: trust, names, proxies. The certificate authority is made by the test itself.
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <filesystem>

#include "tests/unit/http/fixture.hpp"

namespace gantry::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using TlsSocket = asio::ssl::stream<Tcp::socket>;

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// A certificate for itself: "localhost" and 127.0.0.1, valid for an hour, or expired an hour ago.
struct SelfSigned {
  explicit SelfSigned(bool expired = false) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
    X509_gmtime_adj(X509_getm_notAfter(cert), expired ? -3600 : 3600);
    X509_set_pubkey(cert, key);
    X509_NAME* name = X509_get_subject_name(cert);
    const auto* text = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_add_ext(cert, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(cert, key, EVP_sha256());
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, cert);
    certificate = bio_text(bio);
    BIO_free(bio);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    private_key = bio_text(bio);
    BIO_free(bio);
    X509_free(cert);
    EVP_PKEY_free(key);
  }
  std::string certificate;
  std::string private_key;
};

class HttpTls : public HttpTest {
 protected:
  ~HttpTls() override { std::filesystem::remove(ca_file); }

  void use(const SelfSigned& self) {
    context.use_certificate_chain(asio::buffer(self.certificate));
    context.use_private_key(asio::buffer(self.private_key), asio::ssl::context::pem);
    ca_file = testing::TempDir() + "http-tls-" + std::to_string(::getpid()) + ".pem";
    FILE* file = std::fopen(ca_file.c_str(), "w");
    ASSERT_NE(file, nullptr);
    std::fwrite(self.certificate.data(), 1, self.certificate.size(), file);
    std::fclose(file);
  }

  /// Handshakes on the peer's socket and plays `script` inside.
  Task<void> inside(Peer& peer, std::function<Task<void>(TlsSocket&)> script) {
    TlsSocket tls(std::move(peer.socket), context);
    auto [error] = co_await tls.async_handshake(asio::ssl::stream_base::server, asio::as_tuple(asio::use_awaitable));
    if (!error) co_await script(tls);
  }

  static Task<void> answer(TlsSocket& tls) {
    std::string pending;
    for (;;) {
      auto [error, size] = co_await asio::async_read_until(tls, asio::dynamic_buffer(pending), "\r\n\r\n",
                                                           asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      pending.clear();
      const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
      co_await asio::async_write(tls, asio::buffer(text), asio::as_tuple(asio::use_awaitable));
    }
  }

  Server& serve_tls() {
    return serve([this](Peer& peer) -> Task<void> { co_await inside(peer, answer); });
  }

  asio::ssl::context context{asio::ssl::context::tls_server};
  std::string ca_file;
};

TEST_F(HttpTls, TrustsItsOwnAuthorityAndReusesTheConnection) {
  use(SelfSigned());
  auto& server = serve_tls();
  auto by_name = client_for(Origin{true, "localhost", server.port()}, {.ca_file = ca_file});
  auto by_address = client_for(Origin{true, "127.0.0.1", server.port()}, {.ca_file = ca_file});
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*by_name, get("/a")), "200 secret");
    EXPECT_EQ(co_await fetch(*by_name, get("/a")), "200 secret");
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(co_await fetch(*by_address, get("/a")), "200 secret");
  });
}

TEST_F(HttpTls, RefusesAStrangerAndSaysWhatToDo) {
  use(SelfSigned());
  auto& server = serve_tls();
  auto strict = client_for(Origin{true, "localhost", server.port()});
  auto careless = client_for(Origin{true, "localhost", server.port()}, {.verify_certificate = false});
  run([&]() -> Task<void> {
    auto response = co_await strict->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::unavailable);
    EXPECT_THAT(response.error().detail, StartsWith("certificate of localhost not trusted: self-signed certificate"));
    EXPECT_THAT(response.error().detail, HasSubstr("set ca_file or check the clock"));
    EXPECT_EQ(co_await fetch(*careless, get("/a")), "200 secret");
  });
}

TEST_F(HttpTls, RefusesTheWrongName) {
  use(SelfSigned());
  auto& server = serve_tls();
  ClientOptions options{.ca_file = ca_file};
  options.proxy = Proxy{"127.0.0.1",
                        serve([&, port = server.port()](Peer& peer) -> Task<void> {
                          co_await peer.read_head();
                          co_await peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
                          co_await inside(peer, answer);
                        }).port(),
                        "",
                        {}};
  auto proxied = client_for(Origin{true, "other.invalid", 443}, options);
  run([&]() -> Task<void> {
    auto response = co_await proxied->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_THAT(response.error().detail, HasSubstr("hostname mismatch"));
  });
}

TEST_F(HttpTls, RefusesAnExpiredCertificate) {
  use(SelfSigned(true));
  auto& server = serve_tls();
  auto client = client_for(Origin{true, "localhost", server.port()}, {.ca_file = ca_file});
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_THAT(response.error().detail, HasSubstr("expired"));
  });
}

TEST_F(HttpTls, SaysSoWhenTheServerSpeaksPlainHttp) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_body(1);
    co_await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  auto client = client_for(Origin{true, "127.0.0.1", server.port()});
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_THAT(response.error().detail, HasSubstr("check whether the endpoint speaks https"));
  });
}

TEST_F(HttpTls, TunnelsThroughAProxy) {
  use(SelfSigned());
  std::string connect;
  auto& server = serve([&](Peer& peer) -> Task<void> {
    connect = co_await peer.read_head();
    co_await peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
    co_await inside(peer, answer);
  });
  ClientOptions options{.ca_file = ca_file};
  options.proxy = Proxy{"127.0.0.1", server.port(), "user", Secret("pass")};
  auto client = client_for(Origin{true, "localhost", 8443}, options);
  run([&]() -> Task<void> {
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 secret");
    EXPECT_EQ(co_await fetch(*client, get("/a")), "200 secret");
    EXPECT_EQ(server.connections(), 1);
  });
  EXPECT_EQ(connect,
            "CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\n"
            "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n");
}

TEST_F(HttpTls, AProxyThatRefusesIsNamed) {
  auto& server = serve([](Peer& peer) -> Task<void> {
    co_await peer.read_head();
    co_await peer.send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  });
  auto client = client_for(Origin{true, "store.invalid", 443}, {.proxy = Proxy{"127.0.0.1", server.port(), "", {}}});
  run([&]() -> Task<void> {
    auto response = co_await client->send(get("/a"));
    EXPECT_FALSE(response);
    EXPECT_THAT(response.error().detail, HasSubstr("407; check the proxy's user and password"));
  });
}

TEST_F(HttpTls, AnEarlyErrorEndsALargeUpload) {
  use(SelfSigned());
  const std::string body(32 << 20, 'x');
  auto& server = serve([this](Peer& peer) -> Task<void> {
    co_await inside(peer, [](TlsSocket& tls) -> Task<void> {
      std::string pending;
      co_await asio::async_read_until(tls, asio::dynamic_buffer(pending), "\r\n\r\n",
                                      asio::as_tuple(asio::use_awaitable));
      const std::string text = "HTTP/1.1 503 Slow Down\r\nContent-Length: 4\r\n\r\nslow";
      co_await asio::async_write(tls, asio::buffer(text), asio::as_tuple(asio::use_awaitable));
      co_await async::sleep_for(10s);
    });
  });
  auto client = client_for(Origin{true, "localhost", server.port()}, {.ca_file = ca_file, .stall_timeout = 5s});
  run([&]() -> Task<void> { EXPECT_EQ(co_await fetch(*client, put("/a", body)), "503 slow"); });
}

TEST_F(HttpTls, CancelDuringALargeUpload) {
  use(SelfSigned());
  const std::string body(32 << 20, 'x');
  auto& server = serve([this](Peer& peer) -> Task<void> {
    co_await inside(peer, [](TlsSocket&) -> Task<void> { co_await async::sleep_for(30s); });
  });
  auto client = client_for(Origin{true, "localhost", server.port()}, {.ca_file = ca_file});
  run([&]() -> Task<void> {
    std::string outcome;
    auto work = [&]() -> Task<void> { outcome = co_await fetch(*client, put("/a", body)); };
    async::Child child(io.get_executor(), "request", work());
    co_await async::sleep_for(50ms);
    child.cancel();
    co_await child.join();
    EXPECT_EQ(outcome, "cancelled");
  });
}

TEST_F(HttpTls, AMissingCaFileIsRefusedAtOnce) {
  auto client = make_client(io.get_executor(), Origin{true, "a", 443}, {.ca_file = "/nonexistent/ca.pem"}, pool);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::invalid);
  EXPECT_THAT(client.error().detail, HasSubstr("/nonexistent/ca.pem"));
}

}  // namespace
}  // namespace gantry::http
