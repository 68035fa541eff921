#include "tls/server_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <system_error>
#include <vector>

#include "base/bytes.hpp"
#include "tls/openssl_error.hpp"
#include "tls/session_mark.hpp"
#include "tls/stream.hpp"

namespace gantry::tls {
namespace {

/// Sessions are refused under another name; a constant, so that a reloaded context resumes them.
constexpr std::string_view session_context = "gantry";
/// TLS 1.2 clients get their one ticket at the handshake and present it on every data connection of a session that
/// may last all day. TLS 1.3 clients are sent fresh tickets meanwhile.
constexpr long session_lifetime_seconds = 24L * 3600;
/// Sessions kept for TLS 1.2 clients without ticket support, about 1 KiB each.
constexpr long cached_sessions = 4096;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;

std::unexpected<Error> refuse(std::string detail) {
  ERR_clear_error();
  return fail(Errc::invalid, "tls certificate", std::move(detail));
}

Result<Bio> open_file(std::string_view kind, const std::string& path) {
  errno = 0;
  Bio bio(BIO_new_file(path.c_str(), "r"));
  if (bio) return bio;
  const std::string reason = std::generic_category().message(errno);
  return refuse(
      fmt::format("the {} file {} cannot be opened ({}): check the path and that the server's user may read it", kind,
                  path, reason));
}

/// OpenSSL would ask at the terminal. A server has nobody to ask.
int note_pass_phrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<void> use_certificate(SSL_CTX* context, const std::string& path) {
  if (auto readable = open_file("certificate", path); !readable) return fail(std::move(readable.error()));
  if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) == 1) return {};
  return refuse(
      fmt::format("the certificate file {} is not usable ({}): it must hold the server's certificate in PEM form, "
                  "then those of its issuers",
                  path, take_openssl_reason()));
}

Result<void> use_key(SSL_CTX* context, const ServerOptions& options) {
  auto file = open_file("key", options.key);
  if (!file) return fail(std::move(file.error()));
  bool asked = false;
  Key key(PEM_read_bio_PrivateKey(file->get(), nullptr, note_pass_phrase, &asked));
  if (asked) {
    return refuse(
        fmt::format("the key file {} is protected by a pass phrase: store the key without one "
                    "(openssl pkey -in {} -out NEW) and let only the server's user read it",
                    options.key, options.key));
  }
  if (!key) {
    return refuse(fmt::format("the key file {} is not usable ({}): it must hold a private key in PEM form", options.key,
                              take_openssl_reason()));
  }
  if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) != 1) {
    return refuse(
        fmt::format("the key in {} does not belong to the certificate in {}: give the pair that was made "
                    "together, with the server's own certificate first in its file",
                    options.key, options.certificate));
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) == 1) return {};
  return refuse(fmt::format("the key in {} is not usable ({})", options.key, take_openssl_reason()));
}

Result<void> ask_clients(SSL_CTX* context, const ServerOptions& options) {
  if (options.clients == ClientCertificates::off) return {};
  const std::string& path = options.client_ca;
  if (auto readable = open_file("authorities", path); !readable) return fail(std::move(readable.error()));
  // The names go to the client, which chooses its certificate by them.
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(path.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, path.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return refuse(fmt::format("the authorities file {} is not usable ({}): it must hold certificates in PEM form", path,
                              take_openssl_reason()));
  }
  SSL_CTX_set_client_CA_list(context, names);
  const int must = options.clients == ClientCertificates::require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nullptr);
  return {};
}

int select_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  using Protocols = std::basic_string_view<unsigned char>;
  static constexpr std::array<unsigned char, 13> data{8, 'f', 't', 'p', '-', 'd', 'a', 't', 'a', 3, 'f', 't', 'p'};
  const auto* role = static_cast<const Role*>(SSL_get_app_data(ssl));
  Protocols ours(data.data(), data.size());
  if (role && *role == Role::control) ours.remove_prefix(9);
  unsigned char* match = nullptr;
  const int outcome = SSL_select_next_proto(&match, chosen_size, ours.data(), static_cast<unsigned>(ours.size()),
                                            offered, offered_size);
  *chosen = match;
  // Refused rather than ignored: a client meant for another protocol must not talk to us (ALPACA, CVE-2021-3618).
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_policy(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_ENABLE_KTLS);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
}

void set_resumption(SSL_CTX* context, SSL_CTX* previous) {
  // An unread ticket on a data connection turns the client's close into a reset and costs the end of an upload.
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_timeout(context, session_lifetime_seconds);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, cached_sessions);
  const auto name = as_byte_view(session_context);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(name.data()),
                                 static_cast<unsigned>(name.size()));
  mark_new_sessions(context);
  if (!previous) return;
  std::vector<unsigned char> keys(static_cast<std::size_t>(SSL_CTX_get_tlsext_ticket_keys(previous, nullptr, 0)));
  SSL_CTX_get_tlsext_ticket_keys(previous, keys.data(), static_cast<long>(keys.size()));
  SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), static_cast<long>(keys.size()));
  OPENSSL_cleanse(keys.data(), keys.size());
}

std::string subject_of(X509* certificate) {
  Bio text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

}  // namespace

void ServerContext::Deleter::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }

Result<std::shared_ptr<const ServerContext>> ServerContext::create(const ServerOptions& options,
                                                                   const ServerContext* previous) {
  ERR_clear_error();
  std::unique_ptr<ssl_ctx_st, Deleter> context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(Errc::internal, "tls context", take_openssl_reason());
  set_policy(context.get());
  set_resumption(context.get(), previous ? previous->native() : nullptr);
  if (auto used = use_certificate(context.get(), options.certificate); !used) return fail(std::move(used.error()));
  if (auto used = use_key(context.get(), options); !used) return fail(std::move(used.error()));
  if (auto asked = ask_clients(context.get(), options); !asked) return fail(std::move(asked.error()));
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(context)));
}

std::string ServerContext::describe() const {
  X509* certificate = SSL_CTX_get0_certificate(context_.get());
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end);
  return fmt::format("{}, {} {:04}-{:02}-{:02} {:02}:{:02} UTC", subject_of(certificate),
                     expired() ? "EXPIRED since" : "valid until", end.tm_year + 1900, end.tm_mon + 1, end.tm_mday,
                     end.tm_hour, end.tm_min);
}

bool ServerContext::expired() const {
  return X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context_.get()))) < 0;
}

}  // namespace gantry::tls
