// What libcurl's error codes and the server's replies mean for the caller.
#pragma once

#include <curl/curl.h>

#include "ftp/connection.hpp"

namespace gantry::ftp {

/// `detail` is libcurl's own text, `answer` the reply to the last command or null. `before_login`: on a new connection.
[[nodiscard]] Failure failure_of(CURLcode code, const char* detail, const Reply* answer, bool before_login);

/// Of a command whose reply is negative.
[[nodiscard]] Failure refusal(const Reply& reply);

}  // namespace gantry::ftp
