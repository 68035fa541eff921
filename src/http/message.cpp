#include "http/message.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace gantry::http {
namespace {

namespace beast = boost::beast;

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_target(std::string_view text) {
  return text.starts_with('/') && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

bool is_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

const Header* find(const std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find_if(headers, [&](const Header& h) { return equal_ignoring_case(h.first, name); });
  return found == headers.end() ? nullptr : &*found;
}

}  // namespace

std::unique_ptr<Parser> make_parser(Body body) {
  auto parser = std::make_unique<Parser>();
  parser->header_limit(max_head);
  parser->body_limit(boost::none);
  parser->eager(false);
  parser->skip(body == Body::none);
  return parser;
}

Result<bool> parse_head(Parser& parser, Connection& connection) {
  auto& ahead = connection.ahead();
  while (!parser.is_header_done() && ahead.size() > 0) {
    beast::error_code error;
    const std::size_t used = parser.put(ahead.data(), error);
    ahead.consume(used);
    if (error == beast::http::error::need_more) break;
    if (error) {
      return fail(Errc::unavailable, "http response",
                  fmt::format("malformed response head: {}; check whether the endpoint speaks HTTP", error.message()));
    }
  }
  return parser.is_header_done();
}

std::vector<Header> take_headers(const Parser& parser) {
  std::vector<Header> result;
  for (const auto& field : parser.get()) {
    result.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  return result;
}

Result<RequestHead> build_head(const Request& request, const Origin& origin, bool absolute,
                               const std::string& proxy_authorization) {
  if (!is_token(request.method)) return fail(Errc::invalid, "http request", "malformed method");
  if (!is_target(request.target)) return fail(Errc::invalid, "http request", "malformed target");
  RequestHead head;
  const std::string authority = origin.authority();
  head.text = fmt::format("{} {}{} HTTP/1.1\r\n", request.method, absolute ? "http://" + authority : std::string{},
                          request.target);
  const auto add = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(head.text), "{}: {}\r\n", name, value);
  };
  if (find(request.headers, "Host") == nullptr) add("Host", authority);
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_value(value)) return fail(Errc::invalid, "http request", "malformed header " + name);
    add(name, value);
  }
  const std::uint64_t size = total_size(request.body);
  const bool carries_body = size > 0 || request.method == "PUT" || request.method == "POST";
  if (carries_body && find(request.headers, "Content-Length") == nullptr) add("Content-Length", std::to_string(size));
  if (request.expect_continue && size > 0) add("Expect", "100-continue");
  if (const Header* connection = find(request.headers, "Connection"); connection == nullptr) {
    add("Connection", "keep-alive");
  } else {
    head.close = to_lower(connection->second).find("close") != std::string::npos;
  }
  if (absolute && !proxy_authorization.empty()) add("Proxy-Authorization", proxy_authorization);
  head.text += "\r\n";
  return head;
}

}  // namespace gantry::http
