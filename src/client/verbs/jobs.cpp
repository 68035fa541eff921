// Verbs about what runs in the background of the shell: queue, jobs, wait, kill.
#include <fmt/format.h>

#include <memory>

#include "client/jobs.hpp"
#include "client/verbs/verbs.hpp"
#include "terminal/live.hpp"

namespace gantry::client {
namespace {

constexpr unsigned all_jobs = 0;

Exit no_such_job(Session& session, unsigned number) {
  return session.report(fmt::format("job {}", number),
                        {.why = ftp::Why::usage, .text = "there is none of this number; jobs lists them"});
}

Action define_queue(CLI::App& app) {
  auto words = std::make_shared<std::vector<std::string>>();
  app.add_option("command", *words, "A command with its arguments, such as get FILE")->required();
  app.prefix_command();
  return [words, &app](Session& session) {
    std::vector<std::string> all = *words;
    // What looks like an option belongs to the command, too.
    for (const std::string& word : app.remaining()) all.push_back(word);
    std::string line;
    for (const std::string& word : all) line += (line.empty() ? "" : " ") + word;
    return start_job(session, std::move(all), line);
  };
}

Action define_jobs(CLI::App& /*app*/) {
  return [](Session& session) {
    for (const JobState& job : session.jobs().list()) terminal::print(to_text(job) + "\n");
    return Exit::ok;
  };
}

/// Waits for one job, or for all.
Exit wait(Session& session, unsigned number) {
  if (number == all_jobs) {
    for (const JobState& job : session.jobs().list()) session.jobs().wait(job.number, session.stop());
  } else if (!session.jobs().wait(number, session.stop())) {
    return no_such_job(session, number);
  }
  if (session.stop()) return Exit::stopped;
  Exit end = Exit::ok;
  for (const JobState& job : session.jobs().list())
    if (number == all_jobs || job.number == number) end = with_job(end, job.end);
  return end;
}

Action define_wait(CLI::App& app) {
  auto number = std::make_shared<unsigned>(all_jobs);
  app.add_option("number", *number, "Of the job; default: all of them");
  return [number](Session& session) { return wait(session, *number); };
}

Action define_kill(CLI::App& app) {
  auto number = std::make_shared<unsigned>(all_jobs);
  app.add_option("number", *number, "Of the job")->required();
  return [number](Session& session) { return session.jobs().kill(*number) ? Exit::ok : no_such_job(session, *number); };
}

Verb verb(std::string_view name, std::string_view summary, Action (*define)(CLI::App&)) {
  return {.name = name,
          .aliases = {},
          .group = "background",
          .summary = summary,
          .where = Where::shell_only,
          .completes = Completes::nothing,
          .define = define};
}

}  // namespace

std::vector<Verb> job_verbs() {
  return {verb("queue", "Run a command in the background, like COMMAND &", define_queue),
          verb("jobs", "List what runs in the background", define_jobs),
          verb("wait", "Wait until a job has ended, or all", define_wait),
          verb("kill", "Stop a job; what it has moved is kept", define_kill)};
}

}  // namespace gantry::client
