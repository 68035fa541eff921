// The response of one exchange and its body, read on demand.
// Must not know: how the request was made, repeating.
#pragma once

#include "http/exchange.hpp"

namespace gantry::http {

/// `reusable`: the connection may carry another request once the body has been read.
[[nodiscard]] std::unique_ptr<Response> make_response(Lease lease, std::unique_ptr<Parser> parser, bool reusable,
                                                      SteadyClock::duration stall);

}  // namespace gantry::http
