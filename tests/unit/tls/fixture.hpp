// A certificate made on the spot, a loopback connection, and a client that speaks OpenSSL with blocking calls from
// its own thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "tests/support/run.hpp"
#include "tls/server_context.hpp"
#include "tls/stream.hpp"

namespace gantry::tls {

using namespace std::chrono_literals;

/// A self-signed pair in a directory of its own, removed at the end.
class CertificateFiles {
 public:
  explicit CertificateFiles(long valid_seconds = 3600) {
    std::string name = testing::TempDir() + "gantry_tls_XXXXXX";
    directory_ = mkdtemp(name.data());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("ftp.example.org"), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_sign(certificate, key, EVP_sha256());
    BIO* file = BIO_new_file(options().certificate.c_str(), "w");
    PEM_write_bio_X509(file, certificate);
    BIO_free(file);
    file = BIO_new_file(options().key.c_str(), "w");
    PEM_write_bio_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    BIO_free(file);
    char phrase[] = "secret";
    file = BIO_new_file(path("locked.pem").c_str(), "w");
    PEM_write_bio_PrivateKey(file, key, EVP_aes_256_cbc(), nullptr, 0, nullptr, phrase);
    BIO_free(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~CertificateFiles() { std::filesystem::remove_all(directory_); }
  CertificateFiles(const CertificateFiles&) = delete;
  CertificateFiles& operator=(const CertificateFiles&) = delete;

  [[nodiscard]] std::string path(std::string_view name) const { return directory_ + '/' + std::string(name); }
  [[nodiscard]] ServerOptions options() const { return {path("cert.pem"), path("key.pem")}; }
  [[nodiscard]] std::string write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

 private:
  std::string directory_;
};

struct ClientOptions {
  int version = 0;  ///< the only one spoken; 0: what OpenSSL likes
  std::vector<std::string> protocols = {};
  SSL_SESSION* resume = nullptr;
  std::uint64_t options = 0;     ///< SSL_OP_...
  std::string certificate = {};  ///< PEM file of the client's own, empty: none
  std::string key = {};
};

/// The client's end of a connection. Every call blocks, 20 s at most.
class Client {
 public:
  explicit Client(int descriptor) : descriptor_(descriptor) {
    timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  ~Client() {
    close();
    for (SSL_SESSION* session : sessions_) SSL_SESSION_free(session);
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool handshake(const ClientOptions& options = {}) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_options(context_, options.options);
    SSL_CTX_set_min_proto_version(context_, options.version);
    SSL_CTX_set_max_proto_version(context_, options.version);
    if (!options.certificate.empty()) {
      SSL_CTX_use_certificate_file(context_, options.certificate.c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_, options.key.c_str(), SSL_FILETYPE_PEM);
    }
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_, [](SSL* ssl, SSL_SESSION* session) {
      static_cast<Client*>(SSL_get_app_data(ssl))->sessions_.push_back(session);
      return 1;
    });
    ssl_ = SSL_new(context_);
    SSL_set_app_data(ssl_, this);
    SSL_set_fd(ssl_, descriptor_);
    std::string list;
    for (const std::string& name : options.protocols) list += static_cast<char>(name.size()) + name;
    if (!list.empty())
      SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(list.data()),
                          static_cast<unsigned>(list.size()));
    if (options.resume) SSL_set_session(ssl_, options.resume);
    ERR_clear_error();
    if (SSL_connect(ssl_) == 1) return true;
    note_failure();
    return false;
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ssl_ ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                             : static_cast<int>(send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL));
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Up to `most` bytes, fewer only at the end; ended_cleanly() says how it ended.
  std::string read(std::size_t most = ~std::size_t{0}) {
    std::string all;
    std::vector<char> buffer(64 * 1024);
    while (all.size() < most) {
      const auto want = static_cast<int>(std::min(buffer.size(), most - all.size()));
      ERR_clear_error();
      const int count = ssl_ ? SSL_read(ssl_, buffer.data(), want)
                             : static_cast<int>(recv(descriptor_, buffer.data(), static_cast<std::size_t>(want), 0));
      if (count > 0) {
        all.append(buffer.data(), static_cast<std::size_t>(count));
        continue;
      }
      clean_ = ssl_ ? SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN : count == 0;
      if (ssl_) note_failure();
      break;
    }
    return all;
  }

  void close_notify() { SSL_shutdown(ssl_); }
  void end_of_file() { shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  /// Ends the connection with a reset.
  void reset() {
    linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  [[nodiscard]] bool ended_cleanly() const { return clean_; }
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] SSL* ssl() const { return ssl_; }
  /// Sessions the server has offered so far, each resumable.
  [[nodiscard]] const std::vector<SSL_SESSION*>& sessions() const { return sessions_; }

 private:
  void note_failure() {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    failure_ = reason ? reason : "";
  }

  int descriptor_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool clean_ = false;
  std::string failure_;
  std::vector<SSL_SESSION*> sessions_;
};

/// Both ends of one connection. What the client does runs in its own thread, joined by the end of the scope.
struct Link {
  std::unique_ptr<Client> client;
  std::unique_ptr<Stream> server;
};

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ServerContext::create(files.options());
    ASSERT_TRUE(made) << made.error().text();
    context = *made;
  }

  [[nodiscard]] Link connect() {
    Tcp::acceptor acceptor(io, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    Tcp::socket there(io);
    there.connect(acceptor.local_endpoint());
    // Nagle would keep small writes back, and a reset would then take them along.
    there.set_option(Tcp::no_delay(true));
    Tcp::socket here = acceptor.accept();
    return {std::make_unique<Client>(there.release()), std::make_unique<Stream>(std::move(here))};
  }

  /// Server and client shake hands; the result is the server's.
  Result<void> secure(Link& link, Role role, const ClientOptions& options = {}) {
    std::jthread peer([&] { link.client->handshake(options); });
    return run(link.server->handshake(context, role, 20s));
  }

  template <class T>
  T run(Task<T> task) {
    return test::run_task(io, std::move(task), 40s);
  }

  CertificateFiles files;
  std::shared_ptr<const ServerContext> context;
  asio::io_context io;
};

/// Everything until the end or an error.
inline Task<Result<std::string>> read_all(Stream& stream, std::size_t at_once = 64 * 1024) {
  std::string all;
  std::vector<std::byte> buffer(at_once);
  for (;;) {
    auto count = co_await stream.read_some(buffer);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return all;
    all += as_text(ByteView(buffer).first(*count));
  }
}

/// Text that shows where bytes are lost, doubled or exchanged.
inline std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

}  // namespace gantry::tls
