// HTTP/1.1 messages as text: the request head we write, the response head we read.
// Must not know: connections in the pool, time limits.
#pragma once

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <memory>
#include <string>
#include <vector>

#include "http/client.hpp"
#include "http/connection.hpp"

namespace gantry::http {

using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

/// Bytes of a response head; a longer one is refused.
inline constexpr std::uint32_t max_head = 64 * 1024;

enum class Body : std::uint8_t { expected, none };

/// A parser for one response; Body::none for the answer to HEAD and CONNECT.
[[nodiscard]] std::unique_ptr<Parser> make_parser(Body body);

/// Parses what was read ahead up to the end of the head; true when the head is complete.
/// Errc::unavailable when this is not HTTP or the head is too long.
[[nodiscard]] Result<bool> parse_head(Parser& parser, Connection& connection);

[[nodiscard]] std::vector<Header> take_headers(const Parser& parser);

struct RequestHead {
  std::string text;
  bool close = false;  ///< the caller asked for "Connection: close"
};

/// The head as it goes on the wire. `absolute`: the target in absolute form, for a proxy of plain http, with
/// `proxy_authorization` when not empty. Errc::invalid when a name, a value or the target holds a character that
/// would end it early.
[[nodiscard]] Result<RequestHead> build_head(const Request& request, const Origin& origin, bool absolute,
                                             const std::string& proxy_authorization);

}  // namespace gantry::http
