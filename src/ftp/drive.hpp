// Runs one operation of a libcurl easy handle to its end.
#pragma once

#include <curl/curl.h>

namespace gantry::ftp {

/// As curl_easy_perform(), over the connections that `multi` keeps. curl_easy_perform() itself sleeps a whole second
/// in each transfer between the reply to PASV or EPSV and the first byte to the address in it, because it waits while
/// there is no socket yet to wait for (libcurl 7.88).
[[nodiscard]] CURLcode drive(CURLM* multi, CURL* easy);

}  // namespace gantry::ftp
