// Runs a coroutine to its end from a plain test, and takes results apart. Must not know what the coroutine does.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "async/task.hpp"
#include "base/error.hpp"

namespace gantry::test {

namespace detail {

/// What run_task() does, once for all types: to compile it for each of them took a third of the time of the tests.
void run_to_end(asio::io_context& context, Task<void> task, SteadyClock::duration limit);

// The value outlives a test that no longer waits for it.
template <class T>
Task<void> keep(Task<T> task, std::shared_ptr<std::optional<T>> value) {
  value->emplace(co_await std::move(task));
}

}  // namespace detail

/// Runs `context` until `task` has ended and returns its value; what else runs on the context stays there and goes
/// on with the next call. Throws what the task throws, and std::runtime_error (which fails the test) when the task
/// has not ended after `limit`: its frame then lives until the context is destroyed.
template <class T>
T run_task(asio::io_context& context, Task<T> task, SteadyClock::duration limit = std::chrono::seconds(60)) {
  if constexpr (std::is_void_v<T>) {
    detail::run_to_end(context, std::move(task), limit);
  } else {
    auto value = std::make_shared<std::optional<T>>();
    detail::run_to_end(context, detail::keep(std::move(task), value), limit);
    return std::move(**value);
  }
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
