// A child coroutine with an owner: started, cancelled and joined, never detached.
// Single-threaded: owner and child live on the same lane.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string_view>

#include "async/task.hpp"

namespace gantry::async {

/// One running coroutine. Cancelling is level-triggered: until the child ends, the request is repeated, so it
/// also reaches a wait that began after it. The destructor requires that the child has ended or that the
/// owner's io_context is being torn down; the shared state keeps the child's frame valid in both cases. Like every
/// Asio object it must not outlive the io_context: keep it in a coroutine that runs there.
class Child {
 public:
  Child() = default;
  /// Starts `work` on `executor`: at once and up to its first wait when called there. An exception that escapes is
  /// logged as a bug under `name`, which must outlive the child, and ends it. `on_end` is called on the lane when
  /// running() has become false, before a joiner resumes.
  Child(asio::any_io_executor executor, std::string_view name, Task<void> work, std::function<void()> on_end = {});

  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) noexcept = default;

  [[nodiscard]] bool running() const;
  /// Asks the child to stop; returns at once. Join to wait for it. A child that has not begun does begin, and finds
  /// the request at its first wait.
  void cancel();
  /// Waits until the child has ended. Not affected by the caller's own cancellation. At most one joiner.
  [[nodiscard]] Task<void> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Any number of children with one owner.
class TaskGroup {
 public:
  explicit TaskGroup(asio::any_io_executor executor);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  void spawn(std::string_view name, Task<void> work);
  [[nodiscard]] std::size_t size() const;
  void cancel();
  /// Waits until no child is left, including those spawned meanwhile. At most one joiner.
  [[nodiscard]] Task<void> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gantry::async
