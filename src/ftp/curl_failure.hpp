// What libcurl's error codes mean for the caller.
#pragma once

#include <curl/curl.h>

#include "ftp/connection.hpp"

namespace gantry::ftp {

/// `detail` is libcurl's own text, `last` the server's last reply or null.
[[nodiscard]] Failure failure_of(CURLcode code, const char* detail, const Reply* last);

}  // namespace gantry::ftp
