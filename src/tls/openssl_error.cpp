#include "tls/openssl_error.hpp"

#include <openssl/err.h>

namespace gantry::tls {

std::string take_openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "unknown OpenSSL error";
}

}  // namespace gantry::tls
