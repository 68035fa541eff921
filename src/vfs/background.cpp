#include "vfs/background.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace gantry::vfs {
namespace {

struct Parallel {
  Parallel(const asio::any_io_executor& executor, std::size_t steps,
           std::function<Task<Result<void>>(std::size_t)> work)
      : changed(executor), count(steps), step(std::move(work)) {}
  async::Event changed;
  std::size_t count;
  std::function<Task<Result<void>>(std::size_t)> step;
  std::size_t next = 0;
  std::optional<Error> failure;
};

Task<void> worker(std::shared_ptr<Parallel> shared) {
  while (shared->next < shared->count && !shared->failure) {
    if (co_await async::cancelled()) break;
    auto done = co_await shared->step(shared->next++);
    if (!done && !shared->failure) shared->failure = std::move(done.error());
  }
}

}  // namespace

void cancel_later(const asio::any_io_executor& executor, async::Child child) {
  if (!child.running()) return;
  asio::post(executor, [abandoned = std::move(child)]() mutable { abandoned.cancel(); });
}

Task<Result<void>> run_parallel(std::size_t count, std::size_t width,
                                std::function<Task<Result<void>>(std::size_t)> step) {
  auto executor = co_await asio::this_coro::executor;
  auto shared = std::make_shared<Parallel>(executor, count, std::move(step));
  std::vector<async::Child> workers;
  for (std::size_t i = 0; i < std::min(count, width); ++i) {
    workers.emplace_back(executor, "parallel step", worker(shared), [shared] { shared->changed.notify(); });
  }
  auto running = [&] { return std::ranges::any_of(workers, [](const auto& child) { return child.running(); }); };
  while (running()) {
    if (co_await async::cancelled()) {
      if (!shared->failure) shared->failure = Error{Errc::cancelled, "parallel", {}, {}};
      for (auto& child : workers) child.cancel();
      for (auto& child : workers) co_await child.join();
      break;
    }
    co_await shared->changed.wait();
  }
  if (shared->failure) co_return fail(std::move(*shared->failure));
  co_return Result<void>();
}

}  // namespace gantry::vfs
