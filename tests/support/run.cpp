#include "tests/support/run.hpp"

#include <memory>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>

namespace gantry::test::detail {
namespace {

struct Outcome {
  bool done = false;
  std::exception_ptr problem;
};

Task<void> as_root(Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await std::move(task);
}

}  // namespace

void run_to_end(asio::io_context& context, Task<void> task, SteadyClock::duration limit) {
  auto outcome = std::make_shared<Outcome>();
  asio::co_spawn(context, as_root(std::move(task)), [outcome](std::exception_ptr problem) {
    outcome->problem = std::move(problem);
    outcome->done = true;
  });
  context.restart();
  const auto deadline = SteadyClock::now() + limit;
  while (!outcome->done && SteadyClock::now() < deadline) {
    if (context.run_one_until(deadline) == 0 && context.stopped() && !outcome->done) {
      throw std::runtime_error("run_task: the task waits for something that nobody will do");
    }
  }
  if (!outcome->done) throw std::runtime_error("run_task: the task did not end in time");
  if (outcome->problem) std::rethrow_exception(outcome->problem);
}

}  // namespace gantry::test::detail
