#include "ftp/certificate_check.hpp"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/text.hpp"

namespace gantry::ftp {
namespace {

constexpr int most_names_shown = 5;

/// What OpenSSL writes at once: DER of `object`, hashed.
template <class T>
std::string sha256_of(int (*write)(const T*, unsigned char**), const T* object) {
  unsigned char* bytes = nullptr;
  const int length = write(object, &bytes);
  if (length <= 0) return {};
  const auto raw =
      digest::hash(digest::Algorithm::sha256, std::as_bytes(std::span(bytes, static_cast<std::size_t>(length))));
  OPENSSL_free(bytes);
  return raw;
}

std::string with_colons(const std::string& raw) {
  const std::string hex = to_upper(to_hex(raw));
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) text += (i == 0 ? "" : ":") + hex.substr(i, 2);
  return text;
}

std::string text_of(const ASN1_STRING* value) {
  return escape_control({reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
                         static_cast<std::size_t>(ASN1_STRING_length(value))});
}

/// The host names it is for; where it names none, its common name.
std::string names_of(X509* certificate) {
  std::string text;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  int shown = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < most_names_shown; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    text += (shown++ == 0 ? "" : ", ") + text_of(name->d.dNSName);
  }
  GENERAL_NAMES_free(names);
  if (!text.empty()) return text;
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return at < 0 ? "nobody" : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

std::string date_of(const ASN1_TIME* time) {
  std::tm when{};
  if (ASN1_TIME_to_tm(time, &when) != 1) return "an unreadable date";
  return fmt::format("{:04}-{:02}-{:02}", when.tm_year + 1900, when.tm_mon + 1, when.tm_mday);
}

ServerKey key_of(X509* certificate) {
  const std::string key = sha256_of<X509_PUBKEY>(&i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate));
  return {"sha256//" + digest::to_base64(key), with_colons(sha256_of<X509>(&i2d_X509, certificate)),
          names_of(certificate)};
}

/// Why nobody vouches for it, as the end of "the certificate ...".
std::string doubt_of(X509_STORE_CTX* store, X509* leaf, const std::string& host) {
  const int error = X509_STORE_CTX_get_error(store);
  switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "is self-signed: nobody but the server itself vouches for it";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "comes from an authority that this machine does not know";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "has expired on " + date_of(X509_get0_notAfter(leaf));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("is valid from {} on only (is this machine's clock right?)",
                         date_of(X509_get0_notBefore(leaf)));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("is for {}, not for {}", names_of(leaf), host);
    default:
      return fmt::format("does not hold: {}", X509_verify_cert_error_string(error));
  }
}

}  // namespace

CertificateCheck::CertificateCheck(const Site& site, const ConnectionOptions& options)
    : host_(site.host),
      server_(address_of(site)),
      known_hosts_(options.known_hosts),
      pinned_key_(options.pinned_key),
      trust_on_first_use_(options.trust_on_first_use) {}

void CertificateCheck::begin() {
  failure_.reset();
  unknown_.reset();
}

void CertificateCheck::install(SSL_CTX* context, bool data_connection) {
  data_connection_ = data_connection;
  SSL_CTX_set_cert_verify_callback(context, &CertificateCheck::on_verify, this);
}

int CertificateCheck::on_verify(X509_STORE_CTX* store, void* self) {
  auto& check = *static_cast<CertificateCheck*>(self);
  if (!check.verify(store)) {
    if (X509_STORE_CTX_get_error(store) == X509_V_OK)
      X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

bool CertificateCheck::refuse(std::string text) {
  failure_ = Failure{.why = Why::tls, .text = std::move(text)};
  return false;
}

bool CertificateCheck::vouched(X509_STORE_CTX* store) const {
  X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(store);
  if (X509_VERIFY_PARAM_set1_ip_asc(wanted, host_.c_str()) != 1)
    X509_VERIFY_PARAM_set1_host(wanted, host_.data(), host_.size());
  return X509_verify_cert(store) == 1;
}

bool CertificateCheck::verify(X509_STORE_CTX* store) {
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf == nullptr) return refuse(server_ + " shows no certificate");
  const ServerKey key = key_of(leaf);
  if (data_connection_) {
    if (key.fingerprint == control_fingerprint_) return true;
    return refuse(
        fmt::format("the data connection shows another certificate than {}: somebody is in between", server_));
  }
  if (!pinned_key_.empty() && key.key != pinned_key_)
    return refuse(fmt::format("{} has the key {}, not the pinned one", server_, key.key));
  if (pinned_key_.empty() && !vouched(store) && !known(key, doubt_of(store, leaf, host_))) return false;
  control_fingerprint_ = key.fingerprint;
  return true;
}

bool CertificateCheck::known(const ServerKey& key, const std::string& doubt) {
  const auto before = known_hosts_.find(server_);
  if (!before) {
    failure_ = before.error();
    return false;
  }
  if (*before && **before == key.key) return true;
  if (*before)
    return refuse(
        fmt::format("THE KEY OF {} HAS CHANGED: it was {}, it is {} now. Somebody may be in between. If the server "
                    "was given a new key, remove its line from {}",
                    server_, escape_control(**before), key.key, known_hosts_.file()));
  unknown_ = key;
  doubt_ = doubt;
  if (trust_on_first_use_) {
    auto done = trust_unknown();
    if (!done) failure_ = done.error();
    return done.has_value();
  }
  return refuse(
      fmt::format("the certificate of {} {}. Its SHA-256 fingerprint is {}. If that is right, trust it with "
                  "--trust-on-first-use or --pin {}, or name its authority with --ca-file",
                  server_, doubt, key.fingerprint, key.key));
}

std::string CertificateCheck::question() const {
  return fmt::format("The certificate of {} {}.\nSHA-256 fingerprint {}\nKey {}\nTrust this server from now on?",
                     server_, doubt_, unknown_->fingerprint, unknown_->key);
}

Outcome<void> CertificateCheck::trust_unknown() { return known_hosts_.remember(server_, unknown_->key); }

}  // namespace gantry::ftp
