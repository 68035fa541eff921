// The load generator of the benches: does one kind of work against an FTP server and says what it took.
//
// It speaks with the program that measures: "ready" on standard output when all sessions are logged in, then it waits
// for a line; one line of JSON when the work is done, with the sessions still open until the next line. The end of
// standard input counts as a line. Status 1 and a reason on standard error: a wait reached its limit, or an answer was
// wrong.
#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>

#include "tests/bench/load/work.hpp"

namespace {

using namespace gantry::bench;

const std::map<std::string, Mode> modes = {{"retr", Mode::retrieve},
                                           {"stor", Mode::store},
                                           {"login", Mode::login},
                                           {"list", Mode::list},
                                           {"idle", Mode::idle}};

struct Arguments {
  Plan plan;
  std::string address;
  long limit = 30;
};

void declare(CLI::App& app, Arguments& a) {
  app.add_option("mode", a.plan.mode, "retr, stor, login (with QUIT), list or idle (a NOOP of each, in turn)")
      ->required()
      ->transform(CLI::CheckedTransformer(modes));
  app.add_option("--address", a.address, "IPv4 address and port of the server")->required();
  app.add_option("--user", a.plan.target.user);
  app.add_option("--password", a.plan.target.password);
  app.add_flag("--tls", a.plan.target.tls, "explicit TLS, on data connections too");
  app.add_option("--limit", a.limit, "seconds that any single wait may take")->check(CLI::PositiveNumber);
  app.add_option("--connections", a.plan.connections, "sessions at once")->check(CLI::PositiveNumber);
  app.add_option("--count", a.plan.count, "operations of each session")->check(CLI::PositiveNumber);
  app.add_option("--seconds", a.plan.seconds, "instead of --count: how long")->check(CLI::PositiveNumber);
  app.add_option("--rate", a.plan.rate, "operations a second that begin, of all sessions")->check(CLI::PositiveNumber);
  app.add_option("--name", a.plan.name,
                 "file or directory; {c} is the session's number, {n} the operation's, {s} the size");
  app.add_option("--size", a.plan.sizes, "bytes that every file has; of several the sessions take one after the other");
  app.add_option("--verb", a.plan.verb, "how a directory is listed")->check(CLI::IsMember({"MLSD", "LIST", "NLST"}));
  app.add_option("--entries", a.plan.entries, "lines with the marker that every listing has");
  app.add_option("--marker", a.plan.marker, "what these lines contain");
}

/// As many descriptors as the system allows: idle sessions are thousands.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// The smallest value that this part of all values does not exceed.
double percentile(const std::vector<double>& ascending, double part) {
  if (ascending.empty()) return 0;
  const auto rank = static_cast<std::size_t>(std::ceil(part * static_cast<double>(ascending.size())));
  return ascending.at(std::max<std::size_t>(rank, 1) - 1);
}

void wait_for_line() {
  std::string line;
  std::getline(std::cin, line);
}

void say(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string json(const Outcome& o) {
  return fmt::format(
      R"({{"operations": {}, "bytes": {}, "wall": {:.6f}, "own_cpu": {:.6f}, "p50_ms": {:.4f}, "p99_ms": {:.4f}, )"
      R"("max_ms": {:.4f}, "first_p50_ms": {:.4f}, "first_p99_ms": {:.4f}, "last_p50_ms": {:.4f}, "last_p99_ms": {:.4f}, )"
      R"("data_connections": {}, "resumed": {}, "protocol": "{}"}})",
      o.operations, o.bytes, o.wall, o.own_cpu, percentile(o.latencies, 0.5), percentile(o.latencies, 0.99),
      percentile(o.latencies, 1), percentile(o.first, 0.5), percentile(o.first, 0.99), percentile(o.last, 0.5),
      percentile(o.last, 0.99), o.data_connections, o.resumed, o.protocol);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Does one kind of work against an FTP server and says what it took");
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  try {
    auto& plan = arguments.plan;
    plan.target.address = parse_address(arguments.address);
    plan.target.limit = std::chrono::seconds(arguments.limit);
    const auto ready = [] {
      say("ready");
      wait_for_line();
    };
    const auto finished = [](const Outcome& outcome) {
      say(json(outcome));
      wait_for_line();
    };
    work(plan, ready, finished);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "load: {}\n", problem.what());
    return 1;
  }
  return 0;
}
