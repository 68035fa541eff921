#include "ftp/curl_failure.hpp"

#include "base/text.hpp"

namespace gantry::ftp {
namespace {

Why why_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
      return Why::usage;
    case CURLE_LOGIN_DENIED:
      return Why::login;
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_ISSUER_ERROR:
      return Why::tls;
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_REMOTE_FILE_NOT_FOUND:
    case CURLE_REMOTE_FILE_EXISTS:
    case CURLE_REMOTE_DISK_FULL:
    case CURLE_FTP_COULDNT_RETR_FILE:
    case CURLE_FTP_COULDNT_SET_TYPE:
    case CURLE_FTP_COULDNT_USE_REST:
    case CURLE_UPLOAD_FAILED:
    case CURLE_QUOTE_ERROR:
      return Why::refused;
    default:
      return Why::network;
  }
}

/// A handshake whose connection broke says nothing about who is there. libcurl gives it the code of one that failed.
bool broke_off(CURLcode code, std::string_view detail) {
  return code == CURLE_SSL_CONNECT_ERROR && (detail.starts_with("Recv failure") || detail.starts_with("Send failure"));
}

/// Servers without a place say 421, or refuse the login with words like these.
bool says_too_many(const Reply& reply, bool before_login) {
  if (reply.code == 421 && before_login) return true;
  if (reply.code != 421 && reply.code != 530) return false;
  for (const std::string& line : reply.lines) {
    const std::string text = to_lower(line);
    for (const char* words : {"too many", "maximum number", "max clients", "maximum login", "connection limit"})
      if (text.contains(words)) return true;
  }
  return false;
}

/// The server gave the connection up, not the request.
bool cut(int code) { return code == 421 || code == 425 || code == 426; }

}  // namespace

Failure refusal(const Reply& reply) {
  return {.why = cut(reply.code) ? Why::network : Why::refused,
          .text = reply.text(),
          .reply = reply.code,
          .again = reply.code < 500,
          .too_many = says_too_many(reply, false)};
}

Failure failure_of(CURLcode code, const char* detail, const Reply* answer, bool before_login) {
  const std::string_view told = detail == nullptr ? std::string_view() : detail;
  Failure failure{.why = broke_off(code, told) ? Why::network : why_of(code), .text = {}};
  if (answer != nullptr && answer->code >= 400 && failure.why != Why::tls && failure.why != Why::usage) {
    failure = refusal(*answer);
    failure.too_many = says_too_many(*answer, before_login);
    if (failure.too_many)
      failure.why = Why::network;
    else if (code == CURLE_LOGIN_DENIED)
      failure.why = Why::login;
    failure.again = failure.again || failure.too_many;
    return failure;
  }
  if (answer != nullptr) failure.reply = answer->code;
  failure.text = escape_control(told.empty() ? curl_easy_strerror(code) : told);
  failure.again = failure.why == Why::network;
  return failure;
}

}  // namespace gantry::ftp
