// Inside of Stream: one non-blocking attempt, and the loop that repeats it until it is done.
// Only the sources of Stream include this.
#pragma once

#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <utility>

#include "async/turns.hpp"
#include "tls/stream.hpp"

namespace gantry::tls {

struct Stream::Step {
  enum class Kind : std::uint8_t { done, wait_read, wait_write, failed };
  Kind kind = Kind::done;
  std::size_t bytes = 0;
  Error error = {};

  static Step done(std::size_t bytes) { return {.kind = Kind::done, .bytes = bytes}; }
  static Step wait_read() { return {.kind = Kind::wait_read}; }
  static Step wait_write() { return {.kind = Kind::wait_write}; }
  static Step failed(Error error) { return {.kind = Kind::failed, .error = std::move(error)}; }
  static Step failed(Errc code, const char* operation, std::string detail) {
    return failed(Error{code, operation, std::move(detail), {}});
  }
};

/// A peer faster than we are never lets an attempt wait. After so many bytes the lane's other sessions get their turn.
inline constexpr std::size_t turn_bytes = 256 * 1024;
/// What an attempt counts at least: small ones cost time too.
inline constexpr std::size_t turn_minimum = 4096;

/// Waits only after an attempt has found that it must; touches nothing of the stream once a wait has failed, because
/// the stream may be closed by then.
template <class Attempt>
Task<Result<std::size_t>> Stream::drive(const char* operation, Attempt attempt) {
  for (;;) {
    if (turn_ >= turn_bytes) {
      turn_ = 0;
      co_await turns_.wait(executor_);
    }
    const auto asked = co_await asio::this_coro::cancellation_state;
    if (asked.cancelled() != asio::cancellation_type::none) co_return fail(Errc::cancelled, operation);
    if (!open()) co_return fail(Errc::cancelled, operation, "closed");
    Step step = attempt();
    turn_ += std::max(step.bytes, turn_minimum);
    if (step.kind == Step::Kind::done) co_return step.bytes;
    if (step.kind == Step::Kind::failed) co_return fail(std::move(step.error));
    const auto what = step.kind == Step::Kind::wait_read ? Tcp::socket::wait_read : Tcp::socket::wait_write;
    boost::system::error_code error;
    co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) co_return fail(Errc::cancelled, operation);
    if (error) co_return fail(Errc::internal, operation, error.message());
    turn_ = 0;
    if (moves_much_) co_await turns_.wait(executor_);
  }
}

}  // namespace gantry::tls
