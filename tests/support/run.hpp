// Runs a coroutine to its end from a plain test, and takes results apart. Must not know what the coroutine does.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "async/task.hpp"
#include "base/error.hpp"

namespace gantry::test {

namespace detail {

template <class T>
Task<T> as_root(Task<T> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_return co_await std::move(task);
}

}  // namespace detail

/// Runs `context` until `task` has ended and returns its value; what else runs on the context stays there and goes
/// on with the next call. Throws what the task throws, and std::runtime_error (which fails the test) when the task
/// has not ended after `limit`: its frame then lives until the context is destroyed.
template <class T>
T run_task(asio::io_context& context, Task<T> task, SteadyClock::duration limit = std::chrono::seconds(60)) {
  struct Outcome {
    bool done = false;
    std::exception_ptr problem;
    std::conditional_t<std::is_void_v<T>, std::monostate, std::optional<T>> value;
  };
  auto outcome = std::make_shared<Outcome>();
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(context, detail::as_root<T>(std::move(task)), [outcome](std::exception_ptr problem) {
      outcome->problem = std::move(problem);
      outcome->done = true;
    });
  } else {
    asio::co_spawn(context, detail::as_root<T>(std::move(task)), [outcome](std::exception_ptr problem, T value) {
      outcome->problem = std::move(problem);
      if (!outcome->problem) outcome->value.emplace(std::move(value));
      outcome->done = true;
    });
  }
  context.restart();
  const auto deadline = SteadyClock::now() + limit;
  while (!outcome->done && SteadyClock::now() < deadline) {
    if (context.run_one_until(deadline) == 0 && context.stopped() && !outcome->done) {
      throw std::runtime_error("run_task: the task waits for something that nobody will do");
    }
  }
  if (!outcome->done) throw std::runtime_error("run_task: the task did not end in time");
  if (outcome->problem) std::rethrow_exception(outcome->problem);
  if constexpr (!std::is_void_v<T>) return std::move(*outcome->value);
}

/// The value, or an exception that fails the test with the error's text.
template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The error's code, or an exception when it went well.
template <class T>
Errc code(const Result<T>& result) {
  if (result) throw std::runtime_error("succeeded although it must not");
  return result.error().code;
}

}  // namespace gantry::test
