// Who a client is by its certificate. Must not know: users.
#pragma once

#include <string>
#include <vector>

struct ssl_st;

namespace gantry::tls {

/// The names in the peer's certificate: common name, and subject alternative names of the kinds DNS, email and URI.
/// Empty when there is none, when it was not asked for or when it is not good: it is verified against the context's
/// authorities as they are now, also where the session was resumed.
[[nodiscard]] std::vector<std::string> verified_client_names(const ssl_st* ssl);

/// Where a certificate is demanded: whether a good one, as above, is there. OpenSSL looks at first handshakes only.
[[nodiscard]] bool has_demanded_certificate(const ssl_st* ssl);

}  // namespace gantry::tls
