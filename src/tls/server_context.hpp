// The TLS settings of the server: certificate, key, protocol versions, session tickets.
// Immutable; a reload builds a new one and connections keep the one they started with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"

struct ssl_ctx_st;

namespace gantry::tls {

/// Whether clients are asked for a certificate: no, yes but they may come without, or they must have one.
enum class ClientCertificates : std::uint8_t { off, accept, require };

struct ServerOptions {
  std::string certificate;  ///< PEM chain file
  std::string key;          ///< PEM key file, without a pass phrase
  ClientCertificates clients = ClientCertificates::off;
  std::string client_ca{};  ///< PEM file with the authorities that issue clients' certificates
};

class ServerContext {
 public:
  /// TLS 1.2 and 1.3; no renegotiation, no compression; tickets only where Stream offers them; kernel TLS when the
  /// kernel has it. Errc::invalid when a file cannot be read or key and certificate do not fit: the detail names
  /// the file and what to do. Reads files: call at start or on the blocking pool.
  /// Clients are asked for certificates on control connections only: a data connection belongs to its session.
  /// A reload passes the context it replaces as `previous`, so that sessions begun there can still be resumed here.
  [[nodiscard]] static Result<std::shared_ptr<const ServerContext>> create(const ServerOptions& options,
                                                                           const ServerContext* previous = nullptr);

  [[nodiscard]] ssl_ctx_st* native() const { return context_.get(); }
  /// Subject and expiry of the certificate, for the log at start and reload; says so when it has expired.
  [[nodiscard]] std::string describe() const;
  [[nodiscard]] bool expired() const;

 private:
  struct Deleter {
    void operator()(ssl_ctx_st* context) const;
  };
  explicit ServerContext(std::unique_ptr<ssl_ctx_st, Deleter> context) : context_(std::move(context)) {}
  std::unique_ptr<ssl_ctx_st, Deleter> context_;
};

}  // namespace gantry::tls
