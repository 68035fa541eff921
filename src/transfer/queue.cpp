#include "transfer/queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gantry::transfer {
namespace {

/// How often a wait looks at `stop`, which a signal handler sets without waking anybody.
constexpr Milliseconds glance(100);
/// Ended tasks whose turn to be reported has not come, for each that may wait.
constexpr std::size_t unreported_per_waiting = 10;
/// Tasks that find no server, one after the other, before the rest is not tried any more.
constexpr unsigned most_lost = 3;

}  // namespace

struct Queue::State {
  struct Item {
    std::uint64_t number = 0;
    Task task;
  };

  State(QueueOptions wishes, Connect maker, const std::atomic<bool>& flag)
      : options(std::move(wishes)), connect(std::move(maker)), stop(flag), limit(std::max(options.workers, 1U)) {}

  // With `mutex` held.
  [[nodiscard]] bool ending() const { return stop || broken || abandoned; }
  [[nodiscard]] bool full() const {
    return waiting.size() >= options.waiting ||
           (options.in_order && added - reported >= options.waiting * unreported_per_waiting);
  }
  void wait(std::unique_lock<std::mutex>& lock) { changed.wait_for(lock, glance); }
  void start_worker();

  void work();
  std::shared_ptr<ftp::Connection> enter();
  [[nodiscard]] bool stay(const Outcome<void>& opened);
  std::optional<Item> next();
  void report(Item item, Outcome<FileResult> result);
  void judge(const Outcome<FileResult>& result);

  const QueueOptions options;
  const Connect connect;
  const std::atomic<bool>& stop;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Item> waiting;
  std::vector<std::thread> threads;
  unsigned limit;         ///< of workers; falls when the server refuses one
  unsigned workers = 0;   ///< that run
  unsigned idle = 0;      ///< of these, waiting for a task
  bool starting = false;  ///< a worker connects: the next one comes after it
  bool closed = false;    ///< finish() was called
  bool abandoned = false;
  std::uint64_t added = 0;
  std::uint64_t reported = 0;
  unsigned lost = 0;  ///< tasks that found no server, in a row
  std::optional<Failure> broken;

  std::mutex reporting;  ///< never taken while `mutex` is held
  std::map<std::uint64_t, std::pair<Task, Outcome<FileResult>>> unreported;
};

void Queue::State::start_worker() {
  if (starting || workers >= limit || idle > 0 || waiting.empty() || ending()) return;
  starting = true;
  ++workers;
  threads.emplace_back([this] { work(); });
}

void Queue::State::work() {
  auto connection = enter();
  while (connection != nullptr) {
    auto item = next();
    if (!item) break;
    auto result = item->task.work(*connection);
    judge(result);
    report(std::move(*item), std::move(result));
  }
  const std::scoped_lock lock(mutex);
  --workers;
  changed.notify_all();
}

/// The connection of a new worker; null when the worker is not to be.
std::shared_ptr<ftp::Connection> Queue::State::enter() {
  auto connection = connect();
  const auto opened = connection->open();
  const std::scoped_lock lock(mutex);
  if (!stay(opened)) connection.reset();
  changed.notify_all();
  return connection;
}

/// With `mutex` held.
bool Queue::State::stay(const Outcome<void>& opened) {
  if (opened) {
    starting = false;
    start_worker();
    return true;
  }
  const Failure& failure = opened.error();
  if (workers == 1) {
    // The only worker tries again with its first task; the next worker waits until that is over.
    if (failure.again) return true;
    broken = failure;
  } else {
    limit = workers - 1;
    if (options.note && !waiting.empty() && !ending())
      options.note(fmt::format("no further connection to the server, {}; going on with {}", failure.text, limit));
  }
  starting = false;
  return false;
}

std::optional<Queue::State::Item> Queue::State::next() {
  std::unique_lock lock(mutex);
  ++idle;
  while (waiting.empty() && !closed && !ending()) wait(lock);
  --idle;
  if (waiting.empty() || ending()) return std::nullopt;
  std::optional<Item> item = std::move(waiting.front());
  waiting.pop_front();
  start_worker();
  changed.notify_all();
  return item;
}

/// Whether the server can still be used, after a task has ended.
void Queue::State::judge(const Outcome<FileResult>& result) {
  const std::scoped_lock lock(mutex);
  const bool lost_server = !result && result.error().why == Why::network;
  lost = lost_server ? lost + 1 : 0;
  if (lost >= std::max(most_lost, workers) && !broken) broken = result.error();
  if (workers == 1 && starting) {
    starting = false;
    start_worker();
  }
}

void Queue::State::report(Item item, Outcome<FileResult> result) {
  const std::scoped_lock turn(reporting);
  unreported.emplace(item.number, std::pair(std::move(item.task), std::move(result)));
  std::uint64_t next_number = options.in_order ? reported : item.number;
  for (auto due = unreported.find(next_number); due != unreported.end(); due = unreported.find(++next_number)) {
    if (due->second.first.ended) due->second.first.ended(due->second.second);
    unreported.erase(due);
    const std::scoped_lock lock(mutex);
    ++reported;
    changed.notify_all();
  }
}

Queue::Queue(QueueOptions options, Connect connect, const std::atomic<bool>& stop)
    : state_(std::make_unique<State>(std::move(options), std::move(connect), stop)) {}

Queue::~Queue() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->abandoned = true;
    state_->changed.notify_all();
  }
  for (std::thread& thread : state_->threads) thread.join();
}

bool Queue::add(Task task) {
  std::unique_lock lock(state_->mutex);
  while (state_->full() && !state_->ending()) state_->wait(lock);
  if (state_->ending()) return false;
  state_->waiting.push_back({.number = state_->added++, .task = std::move(task)});
  state_->start_worker();
  state_->changed.notify_all();
  return true;
}

Outcome<void> Queue::finish() {
  State& state = *state_;
  std::unique_lock lock(state.mutex);
  state.closed = true;
  state.changed.notify_all();
  while (state.workers > 0) state.wait(lock);
  const std::size_t left = state.waiting.size();
  if (left == 0) return {};
  Failure failure = state.broken.value_or(Failure{.why = Why::cancelled, .text = "stopped"});
  failure.text += fmt::format("; {} not begun", left);
  return ftp::failed(std::move(failure));
}

Connect beginning_with(ftp::Connection& first, Connect more) {
  auto given = std::make_shared<bool>(false);
  return [&first, given, more = std::move(more)]() -> std::shared_ptr<ftp::Connection> {
    if (std::exchange(*given, true)) return more();
    return {std::shared_ptr<void>(), &first};
  };
}

Task task_of(FileTask file, Board& board, const std::atomic<bool>& stop) {
  auto ended = std::move(file.ended);
  return {.work =
              [file = std::move(file), &board, &stop](ftp::Connection& connection) {
                const bool down = file.direction == Direction::down;
                const auto id = board.add(down ? file.local : file.remote, file.direction);
                return down ? download(connection, file.remote, file.local, file.options, board, id, stop)
                            : upload(connection, file.local, file.remote, file.options, board, id, stop);
              },
          .ended = std::move(ended)};
}

}  // namespace gantry::transfer
