// A child coroutine that computes a value while its owner does something else: prefetching, checks beside the data.
// Must not know what it computes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "async/child.hpp"
#include "async/event.hpp"
#include "base/error.hpp"

namespace gantry::vfs {

/// Asks a child that nobody will join to stop, from the lane's loop: a destructor may run while the lane is torn down,
/// when what the child waits for is already gone.
void cancel_later(const asio::any_io_executor& executor, async::Child child);

/// One running computation. `work` must own everything it uses: when the owner goes away early the child is only
/// asked to stop and ends by itself. Single-threaded: owner and child live on one lane.
template <class T>
class Background {
 public:
  Background() = default;
  Background(const asio::any_io_executor& executor, std::string_view name, Task<Result<T>> work)
      : state_(std::make_shared<State>(executor)) {
    child_ = async::Child(executor, name, run(state_, std::move(work)), [state = state_] { state->done.notify(); });
  }
  Background(Background&&) noexcept = default;
  Background& operator=(Background&& other) noexcept {
    abandon();
    state_ = std::move(other.state_);
    child_ = std::move(other.child_);
    return *this;
  }
  ~Background() { abandon(); }

  /// Started and not yet taken by get().
  [[nodiscard]] bool pending() const { return state_ != nullptr; }
  [[nodiscard]] bool finished() const { return state_ && !child_.running(); }
  /// The value while it waits to be taken; nullptr before the end.
  [[nodiscard]] const Result<T>* peek() const { return finished() && state_->value ? &*state_->value : nullptr; }

  /// Waits for the end and takes the value. A caller that is cancelled cancels the computation and still waits.
  [[nodiscard]] Task<Result<T>> get() {
    auto state = state_;
    while (child_.running()) {
      if (co_await async::cancelled()) {
        child_.cancel();
        break;
      }
      co_await state->done.wait();
    }
    co_await child_.join();
    state_.reset();
    if (!state->value) co_return fail(Errc::internal, "background", "ended without a value");
    co_return std::move(*state->value);
  }

  /// As get(), but gives up waiting at `deadline`; false then, and the computation goes on.
  [[nodiscard]] Task<bool> wait_until(SteadyClock::time_point deadline) {
    while (child_.running() && SteadyClock::now() < deadline) {
      if (co_await async::cancelled()) break;
      co_await state_->done.wait_until(deadline);
    }
    co_return !child_.running();
  }

 private:
  struct State {
    explicit State(const asio::any_io_executor& where) : executor(where), done(where) {}
    asio::any_io_executor executor;
    async::Event done;
    std::optional<Result<T>> value;
  };
  static Task<void> run(std::shared_ptr<State> state, Task<Result<T>> work) {
    state->value.emplace(co_await std::move(work));
  }

  void abandon() {
    if (state_) cancel_later(state_->executor, std::move(child_));
  }

  std::shared_ptr<State> state_;
  async::Child child_;
};

/// Runs `step(0) ... step(count - 1)`, at most `width` at once, and waits for all that began. After the first failure
/// no further step begins, and running ones come to their end: of a request that is broken off nobody knows what it
/// did. When the caller is cancelled they are asked to stop. The first failure.
[[nodiscard]] Task<Result<void>> run_parallel(std::size_t count, std::size_t width,
                                              std::function<Task<Result<void>>(std::size_t)> step);

/// Runs `work` to its end whatever happens to the caller: for clean-up and for publishing.
template <class T>
[[nodiscard]] Task<Result<T>> uninterrupted(std::string_view name, Task<Result<T>> work) {
  auto value = std::make_shared<std::optional<Result<T>>>();
  auto run = [](std::shared_ptr<std::optional<Result<T>>> out, Task<Result<T>> inner) -> Task<void> {
    out->emplace(co_await std::move(inner));
  };
  async::Child child(co_await asio::this_coro::executor, name, run(value, std::move(work)));
  co_await child.join();
  if (!*value) co_return fail(Errc::internal, std::string(name), "ended without a value");
  co_return std::move(**value);
}

[[nodiscard]] inline Task<void> uninterrupted(std::string_view name, Task<void> work) {
  async::Child child(co_await asio::this_coro::executor, name, std::move(work));
  co_await child.join();
}

}  // namespace gantry::vfs
