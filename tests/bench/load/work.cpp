#include "tests/bench/load/work.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <optional>
#include <thread>

namespace gantry::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t scratch_size = 256u << 10;
constexpr std::uint64_t source_size = 16u << 20;
constexpr unsigned most_threads = 16;  // that open idle sessions: a server that takes long for each must keep up

double own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The file in memory that uploads send from.
Descriptor make_source() {
  Descriptor file(::memfd_create("load", MFD_CLOEXEC));
  if (file.get() < 0) throw system_failure("memfd_create");
  std::string block(1u << 20, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 131 >> 3);
  for (std::uint64_t written = 0; written < source_size; written += block.size())
    if (::write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size()))
      throw system_failure("filling the source");
  return file;
}

std::string replaced(std::string text, std::string_view what, std::uint64_t by) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), std::to_string(by));
  return text;
}

void require_equal(std::uint64_t got, std::uint64_t wanted, std::string_view of) {
  if (got != wanted) throw Failure(fmt::format("{}: {} instead of {}", of, got, wanted));
}

struct Sample {
  double due;      // seconds after the start
  double latency;  // ms since then
};

/// What all threads share: read only but for the latches.
struct Shared {
  Shared(const Plan& p, unsigned workers)
      : plan(p), threads(workers), source(make_source()), ready(workers), done(workers) {}

  const Plan& plan;
  unsigned threads;
  TlsClient tls;
  Descriptor source;
  std::latch ready;
  std::latch go{1};
  std::latch done;
  std::latch leave{1};
};

/// One thread's sessions: one, or for idle ones a share of them.
class Worker {
 public:
  Worker(Shared& shared, unsigned number, unsigned sessions)
      : shared_(shared), number_(number), share_(sessions), thread_([this] { guarded_run(); }) {}

  void add_to(Outcome& sum) const {
    sum.operations += outcome_.operations;
    sum.bytes += outcome_.bytes;
    sum.data_connections += outcome_.data_connections;
    sum.resumed += outcome_.resumed;
    sum.protocol = outcome_.protocol;
    for (const auto& [due, latency] : samples_) {
      sum.latencies.push_back(latency);
      if (due < sum.wall / 6) sum.first.push_back(latency);
      if (due > sum.wall * 5 / 6) sum.last.push_back(latency);
    }
  }
  void join() { thread_.join(); }

 private:
  void guarded_run() {
    try {
      run();
    } catch (const std::exception& problem) {
      fmt::print(stderr, "load: connection {}: {}\n", number_, problem.what());
      std::fflush(stderr);
      std::_Exit(1);  // the other threads are in the middle of their work
    }
  }

  void run() {
    if (shared_.plan.mode != Mode::login)
      for (unsigned i = 0; i < share_; ++i) open_session();
    shared_.ready.count_down();
    shared_.go.wait();
    const auto start = Clock::now();
    for (unsigned i = 0; goes_on(i, start); ++i) {
      const auto due = due_time(i, start);
      std::this_thread::sleep_until(due);
      operate(i);
      samples_.push_back({std::chrono::duration<double>(due - start).count(), seconds_since(due) * 1000});
    }
    for (const auto& session : sessions_) {
      outcome_.data_connections += session->data_connections();
      outcome_.resumed += session->resumed();
      outcome_.protocol = session->protocol();
    }
    shared_.done.count_down();
    shared_.leave.wait();
    // Ten thousand farewells would take longer than what they end.
    if (shared_.plan.mode != Mode::idle)
      for (const auto& session : sessions_) session->quit();
  }

  [[nodiscard]] bool goes_on(unsigned operation, Clock::time_point start) const {
    const auto& plan = shared_.plan;
    if (plan.seconds > 0)
      return std::chrono::duration<double>(due_time(operation, start) - start).count() < plan.seconds;
    return operation < plan.count * (plan.mode == Mode::idle ? sessions_.size() : 1);
  }

  /// With a rate the threads take turns, whatever became of the operations before; an operation that begins late is one
  /// that a client waited for.
  [[nodiscard]] Clock::time_point due_time(unsigned operation, Clock::time_point start) const {
    if (shared_.plan.rate <= 0) return Clock::now();
    const double turn = static_cast<double>(operation) * shared_.threads + number_;
    return start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(turn / shared_.plan.rate));
  }

  void open_session() { sessions_.push_back(std::make_unique<Session>(shared_.plan.target, shared_.tls, scratch_)); }

  void operate(unsigned operation) {
    const auto& plan = shared_.plan;
    ++outcome_.operations;
    const auto size = plan.sizes[number_ % plan.sizes.size()];
    const auto name = replaced(replaced(replaced(plan.name, "{c}", number_), "{n}", operation), "{s}", size);
    switch (plan.mode) {
      case Mode::retrieve:
        require_equal(sessions_.front()->retrieve(name), size, "bytes of " + name);
        outcome_.bytes += size;
        break;
      case Mode::store:
        sessions_.front()->store(name, {.file = shared_.source.get(), .size = source_size}, size);
        outcome_.bytes += size;
        break;
      case Mode::list:
        require_equal(sessions_.front()->list(plan.verb, name, plan.marker), plan.entries, "entries of " + name);
        break;
      case Mode::login:
        open_session();
        sessions_.front()->quit();
        outcome_.protocol = sessions_.front()->protocol();
        sessions_.clear();
        break;
      case Mode::idle:
        sessions_[operation % sessions_.size()]->noop();
        break;
    }
  }

  Shared& shared_;
  unsigned number_;
  unsigned share_;
  std::vector<char> scratch_ = std::vector<char>(scratch_size);
  std::vector<std::unique_ptr<Session>> sessions_;
  Outcome outcome_;
  std::vector<Sample> samples_;
  std::thread thread_;
};

}  // namespace

void work(const Plan& plan, const std::function<void()>& ready, const std::function<void(const Outcome&)>& finished) {
  const unsigned threads = plan.mode == Mode::idle ? std::min(plan.connections, most_threads) : plan.connections;
  Shared shared(plan, threads);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < threads; ++i)
    workers.push_back(
        std::make_unique<Worker>(shared, i, plan.connections / threads + (i < plan.connections % threads ? 1 : 0)));
  shared.ready.wait();
  ready();
  const auto cpu = own_cpu_seconds();
  const auto start = Clock::now();
  shared.go.count_down();
  shared.done.wait();
  Outcome sum;
  sum.wall = seconds_since(start);
  sum.own_cpu = own_cpu_seconds() - cpu;
  for (const auto& worker : workers) worker->add_to(sum);
  for (auto* values : {&sum.latencies, &sum.first, &sum.last}) std::ranges::sort(*values);
  finished(sum);
  shared.leave.count_down();
  for (const auto& worker : workers) worker->join();
}

}  // namespace gantry::bench
