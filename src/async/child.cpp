#include "async/child.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <chrono>
#include <list>
#include <string>

#include "async/event.hpp"
#include "base/log.hpp"

namespace gantry::async {
namespace {

/// How often an unanswered cancel request is repeated.
constexpr auto cancel_repeat = std::chrono::milliseconds(50);

void report(std::string_view name, const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& e) {
    log::error("bug", {{"task", name}, {"exception", e.what()}});
  } catch (...) {
    log::error("bug", {{"task", name}, {"exception", "unknown"}});
  }
}

Task<void> with_cancellation_as_result(Task<void> work) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(work);
}

}  // namespace

struct Child::State : std::enable_shared_from_this<Child::State> {
  State(const asio::any_io_executor& executor, std::string_view label, std::function<void()> then)
      : name(label), on_end(std::move(then)), repeat(executor), ended(executor) {}

  void emit() {
    if (!running) return;
    signal.emit(asio::cancellation_type::terminal);
    if (!running) return;
    repeat.expires_after(cancel_repeat);
    repeat.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->emit();
    });
  }

  std::string_view name;
  std::function<void()> on_end;
  asio::cancellation_signal signal;
  asio::steady_timer repeat;
  Event ended;
  bool running = true;
  bool asked = false;
};

Child::Child(asio::any_io_executor executor, std::string_view name, Task<void> work, std::function<void()> on_end)
    : state_(std::make_shared<State>(executor, name, std::move(on_end))) {
  // Asio keeps this more than once for as long as the child runs.
  auto end = [state = state_](const std::exception_ptr& problem) {
    if (problem) report(state->name, problem);
    state->running = false;
    state->repeat.cancel();
    if (state->on_end) state->on_end();
    state->ended.notify();
  };
  asio::co_spawn(executor, with_cancellation_as_result(std::move(work)),
                 asio::bind_cancellation_slot(state_->signal.slot(), std::move(end)));
}

bool Child::running() const { return state_ && state_->running; }

void Child::cancel() {
  if (!running() || state_->asked) return;
  state_->asked = true;
  state_->emit();
}

Task<void> Child::join() {
  auto state = state_;
  while (state && state->running) co_await state->ended.wait_uninterrupted();
}

struct TaskGroup::State {
  explicit State(asio::any_io_executor where) : executor(std::move(where)), empty(executor) {}
  asio::any_io_executor executor;
  std::list<Child> children;
  std::size_t running = 0;
  Event empty;
};

TaskGroup::TaskGroup(asio::any_io_executor executor) : state_(std::make_shared<State>(std::move(executor))) {}

void TaskGroup::spawn(std::string_view name, Task<void> work) {
  std::erase_if(state_->children, [](const Child& child) { return !child.running(); });
  ++state_->running;
  // A named function object would die before the coroutine that runs in it; parameters live in the frame.
  auto counted = [](std::shared_ptr<State> state, Task<void> inner) -> Task<void> {
    struct Leave {
      std::shared_ptr<State> state;
      ~Leave() {
        if (--state->running == 0) state->empty.notify();
      }
    } leave{std::move(state)};
    co_await std::move(inner);
  };
  state_->children.emplace_back(state_->executor, name, counted(state_, std::move(work)));
}

std::size_t TaskGroup::size() const { return state_->running; }

void TaskGroup::cancel() {
  for (Child& child : state_->children) child.cancel();
}

Task<void> TaskGroup::join() {
  auto state = state_;
  for (;;) {
    while (state->running > 0) co_await state->empty.wait_uninterrupted();
    if (state->children.empty()) co_return;
    // The child has left its body but its completion may not have run yet. Taken out of the list first, because
    // another one may be spawned while we wait.
    Child last = std::move(state->children.front());
    state->children.pop_front();
    co_await last.join();
  }
}

}  // namespace gantry::async
