// Runs one operation of a libcurl easy handle to its end.
#pragma once

#include <curl/curl.h>

namespace gantry::ftp {

/// As curl_easy_perform(), over the connections that `multi` keeps. curl_easy_perform() itself sleeps up to a second in
/// each transfer: while the data connection opens, libcurl 7.88 watches no socket at all or not the one on which the
/// next reply comes.
[[nodiscard]] CURLcode drive(CURLM* multi, CURL* easy);

}  // namespace gantry::ftp
