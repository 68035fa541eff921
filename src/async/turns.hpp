// Turns for those who move many bytes: a transfer whose peer is fast never has to wait, and hundreds of them would keep
// everybody else on their lane waiting, a NOOP as well as a login.
#pragma once

#include <deque>
#include <functional>

#include "async/task.hpp"

namespace gantry::async {

/// The line of one io_context that one thread runs. Those in it go on in their order, as many as fit into a short
/// while; then comes whatever else is ready there, and the line again.
class Turns : public asio::execution_context::service {
 public:
  using key_type = Turns;
  static asio::execution_context::id id;

  /// Lives as long as the context of the executor.
  [[nodiscard]] static Turns& of(const asio::any_io_executor& executor);
  explicit Turns(asio::execution_context& context) : service(context) {}

  /// Returns when the caller's turn has come. Not cancelled: it comes soon. To be awaited on the executor that of() was
  /// given, or one of the same context.
  [[nodiscard]] Task<void> wait(asio::any_io_executor executor);

 private:
  void join(const asio::any_io_executor& executor, std::move_only_function<void()> handler);
  void serve(const asio::any_io_executor& executor);
  void shutdown() override { line_.clear(); }

  std::deque<std::move_only_function<void()>> line_;
  bool serving_ = false;  // serve() is due
};

}  // namespace gantry::async
