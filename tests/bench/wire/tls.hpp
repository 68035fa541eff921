// TLS contexts of the bench programs. The client takes AES-128-GCM from every server, so that all are compared at the
// same cipher; it does not ask who the server is, which would cost only the client.
#pragma once

#include <memory>
#include <string>

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace gantry::bench {

struct FreeContext {
  void operator()(ssl_ctx_st* context) const;
};
using Context = std::unique_ptr<ssl_ctx_st, FreeContext>;

struct FreeSession {
  void operator()(ssl_session_st* session) const;
};

/// The newest session that a server gave on one connection, to be offered on others. Belongs to one thread.
class Ticket {
 public:
  void keep(ssl_session_st* session) { session_.reset(session); }
  [[nodiscard]] ssl_session_st* get() const { return session_.get(); }

 private:
  std::unique_ptr<ssl_session_st, FreeSession> session_;
};

/// Makes the contexts of clients; sessions come to the Ticket that is the owner of a connection, if it has one.
class TlsClient {
 public:
  TlsClient();
  [[nodiscard]] ssl_ctx_st* context() const { return context_.get(); }
  /// Where a connection keeps its owner.
  static int owner_index();

 private:
  Context context_;
};

/// A server's context; throws Failure when the files cannot be used.
[[nodiscard]] Context server_context(const std::string& certificate, const std::string& key);

}  // namespace gantry::bench
