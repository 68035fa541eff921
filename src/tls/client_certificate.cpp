#include "tls/client_certificate.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstddef>
#include <memory>

namespace gantry::tls {
namespace {

struct Free {
  void operator()(X509_STORE_CTX* check) const { X509_STORE_CTX_free(check); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

bool has_good_certificate(const SSL* ssl) {
  X509* certificate = SSL_get0_peer_certificate(ssl);
  if (certificate == nullptr || (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0) return false;
  X509_STORE* authorities = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  const std::unique_ptr<X509_STORE_CTX, Free> check(X509_STORE_CTX_new());
  if (!check || X509_STORE_CTX_init(check.get(), authorities, certificate, SSL_get_peer_cert_chain(ssl)) != 1)
    return false;
  X509_STORE_CTX_set_default(check.get(), "ssl_client");
  const bool good = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return good;
}

/// A name with a NUL in it looks shorter to some: such a one is no name.
void add(std::vector<std::string>& names, const ASN1_STRING* text) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, text);
  if (size < 0) return;
  const std::unique_ptr<unsigned char, Free> owner(utf8);
  std::string name(utf8, utf8 + size);
  if (!name.empty() && !name.contains('\0')) names.push_back(std::move(name));
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
    add(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  const std::unique_ptr<GENERAL_NAMES, Free> others(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; others && i < sk_GENERAL_NAME_num(others.get()); ++i) {
    const GENERAL_NAME* other = sk_GENERAL_NAME_value(others.get(), i);
    if (other->type == GEN_DNS || other->type == GEN_EMAIL || other->type == GEN_URI) add(names, other->d.ia5);
  }
  return names;
}

}  // namespace

std::vector<std::string> verified_client_names(const ssl_st* ssl) {
  return has_good_certificate(ssl) ? names_of(SSL_get0_peer_certificate(ssl)) : std::vector<std::string>();
}

bool has_demanded_certificate(const ssl_st* ssl) {
  return (SSL_get_verify_mode(ssl) & SSL_VERIFY_FAIL_IF_NO_PEER_CERT) == 0 || has_good_certificate(ssl);
}

}  // namespace gantry::tls
