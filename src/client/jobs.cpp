#include "client/jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "terminal/live.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

/// How often a wait looks at `stop`, which a signal handler sets without waking anybody.
constexpr Milliseconds glance(100);

Settings for_background(Settings settings) {
  settings.show = Show::nothing;
  settings.file.ask = nullptr;
  settings.connection.ask_trust = nullptr;
  return settings;
}

}  // namespace

std::string to_text(const JobState& job) {
  const std::string how = job.running                ? "running, " + format_bytes(job.totals.bytes)
                          : job.end == Exit::ok      ? "done"
                          : job.end == Exit::stopped ? "stopped"
                                                     : fmt::format("failed ({})", static_cast<int>(job.end));
  return fmt::format("[{}] {}: {}", job.number, how, terminal::printable(job.line));
}

struct Jobs::Job {
  Job(unsigned given, std::string typed, Config config)
      : number(given), line(std::move(typed)), session(std::move(config)) {}

  void run(const Place& from, const ftp::Site& site, const Verb& verb, std::vector<std::string> words) {
    Exit result = Exit::ok;
    if (auto there = session.go(site, from.path); !there)
      result = session.report(line, there.error());
    else
      result = run_verb(session, verb, std::move(words));
    const std::scoped_lock lock(mutex);
    running = false;
    end = result;
    changed.notify_all();
  }

  JobState state() {
    const std::scoped_lock lock(mutex);
    return {.number = number, .line = line, .running = running, .end = end, .totals = session.board().totals()};
  }

  const unsigned number;
  const std::string line;
  Session session;
  std::mutex mutex;
  std::condition_variable changed;
  bool running = true;
  Exit end = Exit::ok;
  std::thread thread;
};

Jobs::Jobs() = default;

Jobs::~Jobs() {
  for (const auto& job : jobs_) job->session.stop() = true;
  for (const auto& job : jobs_) job->thread.join();
}

unsigned Jobs::start(Session& shell, const Verb& verb, std::vector<std::string> words, std::string line) {
  shell.begin({});
  Config config = shell.config();
  config.settings = for_background(shell.settings());
  auto& job = *jobs_.emplace_back(std::make_unique<Job>(++last_, std::move(line), std::move(config)));
  const Place from = shell.here();
  job.thread = std::thread([&job, &verb, from, site = from.connection->site(), words = std::move(words)] {
    job.run(from, site, verb, words);
  });
  return job.number;
}

std::vector<JobState> Jobs::list() const {
  std::vector<JobState> states;
  for (const auto& job : jobs_) states.push_back(job->state());
  return states;
}

std::size_t Jobs::running() const {
  return static_cast<std::size_t>(std::ranges::count_if(list(), &JobState::running));
}

bool Jobs::kill(unsigned number) {
  const auto job = std::ranges::find(jobs_, number, [](const auto& one) { return one->number; });
  if (job == jobs_.end()) return false;
  (*job)->session.stop() = true;
  return true;
}

bool Jobs::wait(unsigned number, const std::atomic<bool>& stop) const {
  const auto found = std::ranges::find(jobs_, number, [](const auto& one) { return one->number; });
  if (found == jobs_.end()) return false;
  Job& job = **found;
  std::unique_lock lock(job.mutex);
  while (job.running && !stop) job.changed.wait_for(lock, glance);
  return true;
}

std::vector<JobState> Jobs::take_ended() {
  std::vector<JobState> ended;
  std::erase_if(jobs_, [&](const auto& job) {
    const JobState state = job->state();
    if (state.running) return false;
    job->thread.join();
    ended.push_back(state);
    return true;
  });
  return ended;
}

Exit with_job(Exit before, Exit job) {
  if (job == Exit::stopped) job = Exit::some_failed;
  return before == Exit::ok ? job : job == Exit::ok ? before : combine(before, job);
}

Exit start_job(Session& shell, std::vector<std::string> words, const std::string& line) {
  const Verb* verb = words.empty() ? nullptr : find_verb(words.front());
  if (verb == nullptr || verb->where != Where::everywhere)
    return shell.report(words.empty() ? line : words.front(),
                        {.why = ftp::Why::usage, .text = "nothing that can run in the background"});
  if (shell.here().connection == nullptr)
    return shell.report(line, {.why = ftp::Why::usage, .text = "open a server first"});
  words.erase(words.begin());
  terminal::say(fmt::format("[{}] begun", shell.jobs().start(shell, *verb, std::move(words), line)));
  return Exit::ok;
}

void announce_ended(Session& shell) {
  for (const JobState& job : shell.jobs().take_ended()) terminal::say(to_text(job));
}

Exit finish_jobs(Session& shell) {
  static const std::atomic<bool> never = false;
  Jobs& jobs = shell.jobs();
  if (const std::size_t running = jobs.running(); running > 0)
    terminal::say(
        fmt::format("waiting for {} in the background; Ctrl-C stops {}", running, running == 1 ? "it" : "them"));
  for (const JobState& job : jobs.list()) {
    jobs.wait(job.number, shell.stop());
    if (shell.stop()) jobs.kill(job.number);
    jobs.wait(job.number, never);
  }
  Exit end = shell.stop() ? Exit::stopped : Exit::ok;
  for (const JobState& job : jobs.take_ended()) {
    terminal::say(to_text(job));
    end = with_job(end, job.end);
  }
  return end;
}

}  // namespace gantry::client
