// What OpenSSL says about the last failure, as a text for the log. Must not know who failed.
#pragma once

#include <string>

namespace gantry::tls {

/// The reason of the newest entry of this thread's OpenSSL error queue, which it empties; "" when there is none.
[[nodiscard]] std::string take_openssl_reason();

}  // namespace gantry::tls
