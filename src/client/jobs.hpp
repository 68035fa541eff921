// Verbs that run in the background of the shell, each with connections and a stop of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "client/exit.hpp"
#include "client/session.hpp"
#include "client/verb.hpp"

namespace gantry::client {

/// What `jobs` shows of one.
struct JobState {
  unsigned number = 0;
  std::string line;  ///< as it was typed
  bool running = false;
  Exit end = Exit::ok;  ///< once it does not run
  transfer::Totals totals;
};

/// "[1] running, 3.0 MiB: get big": a line for people.
[[nodiscard]] std::string to_text(const JobState& job);

/// Belongs to the shell's thread.
class Jobs {
 public:
  Jobs();
  /// Stops those that run, and waits for their ends.
  ~Jobs();
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;

  /// Begins where the shell is now and is not disturbed when it goes elsewhere. Asks nobody anything. Returns its
  /// number.
  unsigned start(Session& shell, const Verb& verb, std::vector<std::string> words, std::string line);
  [[nodiscard]] std::vector<JobState> list() const;
  [[nodiscard]] std::size_t running() const;
  /// Ends soon; what it has moved is kept as by Ctrl-C. False when there is no such job.
  bool kill(unsigned number);
  /// Until it has ended, or `stop`. False when there is no such job.
  bool wait(unsigned number, const std::atomic<bool>& stop) const;
  /// Those that have ended, which then are forgotten.
  [[nodiscard]] std::vector<JobState> take_ended();

 private:
  struct Job;
  std::vector<std::unique_ptr<Job>> jobs_;
  unsigned last_ = 0;
};

/// What the ends of jobs come to: a job that was stopped is one that failed, for the shell itself goes on.
[[nodiscard]] Exit with_job(Exit before, Exit job);

/// `line` without its "&" as a job of the shell; says its number.
Exit start_job(Session& shell, std::vector<std::string> words, const std::string& line);

/// Says which jobs have ended since the last call.
void announce_ended(Session& shell);

/// Waits for all jobs before the shell leaves; Ctrl-C stops them. Returns what all of them together came to.
Exit finish_jobs(Session& shell);

}  // namespace gantry::client
