// run_blocking: the one way to call something that blocks (disk, getaddrinfo, argon2) from a lane.
#pragma once

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "async/task.hpp"
#include "base/error.hpp"

namespace gantry::async {

/// A bounded pool of threads for blocking calls, shared by all lanes. Thread-safe. Ends before the io_contexts of
/// its callers do.
class BlockingPool {
 public:
  /// `threads` work at once; at most `max_queued` calls wait, more are refused with Errc::unavailable.
  BlockingPool(std::size_t threads, std::size_t max_queued);
  ~BlockingPool();

  /// Runs `call` on the pool and resumes the caller on its own lane. Not cancellable: once begun, a blocking
  /// call runs to its end, and what it refers to stays valid because the caller waits for it.
  /// An exception that escapes the call becomes Errc::internal.
  template <std::invocable F>
  [[nodiscard]] Task<Result<std::invoke_result_t<F>>> run(F call) {
    using Value = std::invoke_result_t<F>;
    if (!enter()) co_return fail(Errc::unavailable, "blocking pool", "too many calls wait, or the server ends");
    std::optional<Result<Value>> result;
    auto work = [&] {
      try {
        if constexpr (std::is_void_v<Value>) {
          call();
          result.emplace();
        } else {
          result.emplace(call());
        }
      } catch (const std::exception& problem) {
        result.emplace(fail(Errc::internal, "blocking call", problem.what()));
      } catch (...) {
        result.emplace(fail(Errc::internal, "blocking call", "unknown exception"));
      }
      leave();
    };
    co_await submit(std::function<void()>(std::ref(work)));
    co_return std::move(*result);
  }

  /// Waits for the calls that have begun or are queued; later ones are refused.
  void stop();

 private:
  [[nodiscard]] bool enter();
  void leave();
  [[nodiscard]] Task<void> submit(std::function<void()> work);

  std::size_t limit_;
  std::atomic<std::size_t> pending_{0};
  std::atomic<bool> stopped_{false};
  asio::thread_pool pool_;
};

/// For calls that themselves return Result<T>: flattens the two layers.
template <class F>
[[nodiscard]] Task<std::invoke_result_t<F>> run_blocking(BlockingPool& pool, F call) {
  auto outer = co_await pool.run(std::move(call));
  if (!outer) co_return fail(std::move(outer.error()));
  co_return std::move(*outer);
}

}  // namespace gantry::async
