#include "tests/bench/wire/tls.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "tests/bench/wire/stream.hpp"

namespace gantry::bench {

namespace {

int keep_session(SSL* tls, SSL_SESSION* session) {
  auto* ticket = static_cast<Ticket*>(SSL_get_ex_data(tls, TlsClient::owner_index()));
  if (!ticket) return 0;
  ticket->keep(session);
  return 1;  // the session is ours now
}

}  // namespace

void FreeContext::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void FreeSession::operator()(ssl_session_st* session) const { SSL_SESSION_free(session); }

int TlsClient::owner_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

TlsClient::TlsClient() : context_(SSL_CTX_new(TLS_client_method())) {
  auto* context = context_.get();
  if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
      SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") != 1)
    throw Failure("the TLS context of the client could not be made");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
}

Context server_context(const std::string& certificate, const std::string& key) {
  Context context(SSL_CTX_new(TLS_server_method()));
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw Failure(fmt::format("{} and {} are not a certificate and its key", certificate, key));
  return context;
}

}  // namespace gantry::bench
