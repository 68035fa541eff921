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
    case CURLE_ABORTED_BY_CALLBACK:
      return Why::cancelled;
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

}  // namespace

Failure failure_of(CURLcode code, const char* detail, const Reply* last) {
  Failure failure{.why = why_of(code), .text = {}};
  const bool reply_tells = last != nullptr && last->code >= 400;
  if (last != nullptr) failure.reply = last->code;
  if (failure.why == Why::cancelled) {
    failure.text = "stopped";
  } else if (reply_tells && (failure.why == Why::refused || failure.why == Why::login)) {
    failure.text = last->text();
  } else {
    failure.text = escape_control(detail != nullptr && *detail != 0 ? detail : curl_easy_strerror(code));
    if (reply_tells) failure.text += " (" + last->text() + ")";
  }
  failure.again = failure.why == Why::network || (reply_tells && last->code < 500 && failure.why != Why::cancelled);
  return failure;
}

}  // namespace gantry::ftp
