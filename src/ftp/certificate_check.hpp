// Decides whether a server's certificate is trusted: by a pinned key, by an authority, or because its key is known.
// Hooks into libcurl's TLS, where it takes the place of OpenSSL's own verdict. Must not know: FTP replies, questions.
#pragma once

#include <optional>
#include <string>

#include "ftp/connection.hpp"
#include "ftp/trust.hpp"

using SSL_CTX = struct ssl_ctx_st;
using X509 = struct x509_st;
using X509_STORE_CTX = struct x509_store_ctx_st;

namespace gantry::ftp {

/// What people and pins go by.
struct ServerKey {
  std::string key;          ///< "sha256//BASE64" of the public key
  std::string fingerprint;  ///< "AB:CD:...", SHA-256 of the certificate
  std::string names;        ///< "ftp.example, www.example"; control characters escaped
};

class CertificateCheck {
 public:
  CertificateCheck(const Site& site, const ConnectionOptions& options);

  /// For the next handshake, on the control or on a data connection. Both must live through it.
  void install(SSL_CTX* context, bool data_connection);
  /// Forgets what the operation before left.
  void begin();

  /// Why the last handshake was refused; nothing when it was not.
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  /// Of a server that somebody may decide to trust.
  [[nodiscard]] const std::optional<ServerKey>& unknown() const { return unknown_; }
  [[nodiscard]] std::string question() const;  ///< about unknown()
  Outcome<void> trust_unknown();

 private:
  static int on_verify(X509_STORE_CTX* store, void* self);
  [[nodiscard]] bool verify(X509_STORE_CTX* store);
  [[nodiscard]] bool vouched(X509_STORE_CTX* store) const;
  [[nodiscard]] bool known(const ServerKey& key, const std::string& doubt);
  bool refuse(std::string text);

  std::string host_;
  std::string server_;  ///< "host:port", as known_hosts has it
  KnownHosts known_hosts_;
  std::string pinned_key_;
  bool trust_on_first_use_;
  bool data_connection_ = false;
  std::string control_fingerprint_;
  std::optional<Failure> failure_;
  std::optional<ServerKey> unknown_;
  std::string doubt_;  ///< why nobody vouches for unknown_
};

}  // namespace gantry::ftp
