#include "http/exchange.hpp"

#include <fmt/format.h>

#include "async/child.hpp"
#include "async/event.hpp"
#include "async/watchdog.hpp"
#include "base/text.hpp"

namespace gantry::http {
namespace {

/// How long a server may take to say "100 Continue" before the body is sent anyway (RFC 9110 section 10.1.1).
constexpr auto continue_patience = std::chrono::seconds(1);
/// Interim responses (1xx) taken before one request's final one.
constexpr int max_interim = 16;
constexpr std::size_t head_read_step = 8 * 1024;

/// What the sending child shares with the coroutine that awaits the head.
struct Sending {
  Sending(std::shared_ptr<Connection> where, ExchangeLimits limits)
      : connection(std::move(where)),
        go(connection->executor()),
        watchdog(connection->executor(), limits.stall, [c = connection.get()] { c->close(); }),
        response_limit(limits.response) {}

  std::shared_ptr<Connection> connection;
  std::string head;
  std::vector<asio::const_buffer> body;
  bool expect_continue = false;
  bool may_continue = false;
  async::Event go;
  async::Watchdog watchdog;
  SteadyClock::duration response_limit;
  bool whole = false;
  boost::system::error_code error;
};

Task<bool> write_all(std::shared_ptr<Sending> sending, std::vector<asio::const_buffer> buffers) {
  std::span<asio::const_buffer> left(buffers);
  for (;;) {
    while (!left.empty() && left.front().size() == 0) left = left.subspan(1);
    if (left.empty()) co_return true;
    if (co_await async::cancelled()) co_return false;
    IoResult sent = co_await sending->connection->write_some(left);
    if (sent.error) {
      sending->error = sent.error;
      co_return false;
    }
    sending->watchdog.touch();
    while (sent.bytes > 0) {
      const std::size_t step = std::min(sent.bytes, left.front().size());
      left.front() += step;
      sent.bytes -= step;
      if (left.front().size() == 0) left = left.subspan(1);
    }
  }
}

Task<void> send_request(std::shared_ptr<Sending> sending) {
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(sending->body.size() + 1);
  buffers.push_back(asio::buffer(sending->head));
  if (sending->expect_continue) {
    if (!co_await write_all(sending, std::move(buffers))) co_return;
    buffers = {};
    const auto deadline = SteadyClock::now() + continue_patience;
    while (!sending->may_continue) {
      if (co_await async::cancelled()) co_return;
      if (!co_await sending->go.wait_until(deadline)) break;
    }
  }
  buffers.insert(buffers.end(), sending->body.begin(), sending->body.end());
  if (!co_await write_all(sending, std::move(buffers))) co_return;
  sending->whole = true;
  sending->watchdog.restart(sending->response_limit);
}

/// Reads up to the end of the final response head.
Task<ExchangeResult> receive_head(std::shared_ptr<Sending> sending, Body body, std::string what) {
  ExchangeResult result{make_parser(body)};
  Connection& connection = *sending->connection;
  for (int interim = 0;;) {
    auto complete = parse_head(**result.head, connection);
    if (!complete) {
      result.head = fail(std::move(complete.error()));
      co_return result;
    }
    if (*complete) {
      const unsigned status = (*result.head)->get().result_int();
      if (status >= 200) co_return result;
      if (++interim > max_interim || status == 101) {
        result.head = fail(Errc::unavailable, "http response", what + ": unexpected interim responses");
        co_return result;
      }
      result.head = make_parser(body);
      sending->may_continue = true;
      sending->go.notify();
      continue;
    }
    IoResult got{asio::error::operation_aborted};
    if (!co_await async::cancelled()) got = co_await connection.read_ahead(head_read_step);
    if (got.bytes > 0) {
      result.answered = true;
      sending->watchdog.touch();
    }
    if (got.error) {
      // The first failure names the cause: a reset while sending shows on the reading side as an end.
      const auto cause = sending->error && got.error == asio::error::eof ? sending->error : got.error;
      result.head = std::unexpected(co_await describe_failure(cause, sending->watchdog.expired(), what));
      co_return result;
    }
  }
}

}  // namespace

Task<Error> describe_failure(boost::system::error_code error, bool expired, std::string what) {
  if (expired) co_return Error{Errc::timed_out, "http", what + ": no byte moved in time; check the network", {}};
  if (co_await async::cancelled()) co_return Error{Errc::cancelled, "http", std::move(what), {}};
  if (error == asio::error::eof) {
    co_return Error{Errc::unavailable, "http", what + ": connection closed before the end of the response", {}};
  }
  co_return Error{Errc::unavailable, "http", what + ": " + to_lower(error.message()) + "; check the network", {}};
}

Task<ExchangeResult> exchange(std::shared_ptr<Connection> connection, const Request& request, std::string head,
                              ExchangeLimits limits) {
  auto sending = std::make_shared<Sending>(connection, limits);
  sending->head = std::move(head);
  for (ByteView chunk : request.body) sending->body.push_back(asio::buffer(chunk.data(), chunk.size()));
  sending->expect_continue = request.expect_continue && total_size(request.body) > 0;

  async::Child sender;
  if (sending->body.empty()) {
    co_await send_request(sending);
  } else {
    sender = async::Child(connection->executor(), "http send", send_request(sending));
  }
  const Body body = request.method == "HEAD" ? Body::none : Body::expected;
  ExchangeResult result = co_await receive_head(sending, body, request.method + " request");
  // Whatever came of it, nothing of the request may be read or sent after the return.
  if (!result.head) connection->close();
  sender.cancel();
  co_await sender.join();
  result.whole = sending->whole;
  sending->watchdog.disarm();
  co_return result;
}

}  // namespace gantry::http
