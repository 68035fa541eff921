#include "tls/session_mark.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <array>
#include <cstddef>
#include <span>

namespace gantry::tls {
namespace {

/// 128 bits: nobody meets another session's mark by chance.
constexpr std::size_t mark_size = 16;

/// Runs once the session is known and before anybody else can see it (the cache, a ticket). A resumed session
/// keeps the mark it came with.
int mark_session(SSL* ssl, void*) {
  if (SSL_session_reused(ssl)) return 1;
  std::array<unsigned char, mark_size> mark{};
  if (RAND_bytes(mark.data(), static_cast<int>(mark.size())) != 1) return 0;
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), mark.data(), mark.size());
}

std::span<const unsigned char> mark_of(const SSL* ssl) {
  SSL_SESSION* session = SSL_get_session(ssl);
  void* data = nullptr;
  std::size_t size = 0;
  if (!session || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || !data) return {};
  return {static_cast<const unsigned char*>(data), size};
}

}  // namespace

void mark_new_sessions(ssl_ctx_st* context) { SSL_CTX_set_cert_cb(context, mark_session, nullptr); }

bool same_mark(const ssl_st* one, const ssl_st* other) {
  const auto first = mark_of(one);
  const auto second = mark_of(other);
  return first.size() == mark_size && second.size() == mark_size &&
         CRYPTO_memcmp(first.data(), second.data(), mark_size) == 0;
}

}  // namespace gantry::tls
