// One request on one connection, up to the response head. The body goes out in a child coroutine while the head is
// awaited, so an early answer (an error before the body is through) is seen at once.
// Must not know: the pool's rules, repeating.
#pragma once

#include <memory>

#include "http/message.hpp"
#include "http/pool.hpp"

namespace gantry::http {

struct ExchangeLimits {
  SteadyClock::duration stall;     ///< no byte moves
  SteadyClock::duration response;  ///< for the head, once the request is sent
};

struct ExchangeResult {
  Result<std::unique_ptr<Parser>> head;  ///< complete up to the end of the head
  bool answered = false;                 ///< a byte of a response arrived
  bool whole = false;                    ///< the request was sent to its end
};

/// `head` is the request's text, `request` the rest of it, borrowed. On failure the connection is closed.
[[nodiscard]] Task<ExchangeResult> exchange(std::shared_ptr<Connection> connection, const Request& request,
                                            std::string head, ExchangeLimits limits);

/// The error of an operation that ended with `error`, for a connection to `peer`: expired and cancelled go first.
[[nodiscard]] Task<Error> describe_failure(boost::system::error_code error, bool expired, std::string what);

}  // namespace gantry::http
