#include "client/shell.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <thread>

#include "base/text.hpp"
#include "client/completion.hpp"
#include "client/environment.hpp"
#include "client/interrupts.hpp"
#include "client/jobs.hpp"
#include "client/quiet_thread.hpp"
#include "client/results.hpp"
#include "client/verb.hpp"
#include "client/words.hpp"
#include "terminal/input.hpp"
#include "terminal/live.hpp"
#include "terminal/screen.hpp"
#include "terminal/table.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

using terminal::Style;
using terminal::Typed;

/// What the shell does itself, beside the verbs.
struct Own {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view summary;
};

const std::vector<Own>& own_commands() {
  static const std::vector<Own> table = {
      {.name = "help", .aliases = {"?"}, .summary = "List the commands; help NAME tells more of one"},
      {.name = "!", .aliases = {}, .summary = "Run a command of this machine: !ls -l; alone: a shell"},
      {.name = "bye", .aliases = {"quit", "exit", "quite"}, .summary = "Leave"},
  };
  return table;
}

bool is_own(std::string_view word, std::string_view name) {
  for (const Own& own : own_commands())
    if (own.name == name) return word == name || std::ranges::find(own.aliases, word) != own.aliases.end();
  return false;
}

Exit run_local(const std::string& command) {
  const std::string shell = environment("SHELL");
  const std::string line = !command.empty() ? command : !shell.empty() ? shell : "/bin/sh";
  const terminal::Still still;
  std::fflush(nullptr);
  return std::system(line.c_str()) == 0 ? Exit::ok : Exit::local;  // NOLINT(cert-env33-c): asked for by the user
}

/// One line done; nothing: the shell is to end.
std::optional<Exit> run_line(Session& session, const std::string& line) {
  const std::string_view text = trim(line);
  if (text.starts_with('!')) return run_local(std::string(trim(text.substr(1))));
  auto words = split_words(text);
  if (!words) {
    terminal::say("gantry: a quotation does not end in this line");
    return Exit::usage;
  }
  if (words->empty()) return Exit::ok;
  if (words->back() == "&") {
    words->pop_back();
    return start_job(session, std::move(*words), std::string(trim(text.substr(0, text.rfind('&')))));
  }
  const std::string name = words->front();
  words->erase(words->begin());
  if (is_own(name, "bye")) return std::nullopt;
  if (is_own(name, "help")) return print_help(session, words->empty() ? "" : words->front());
  const Verb* verb = find_verb(name);
  if (verb == nullptr || verb->where == Where::one_shot_only)
    return session.report(name, {.why = ftp::Why::usage, .text = "no such command; help lists them"});
  return run_verb(session, *verb, std::move(*words));
}

/// "gantry alice@host:/dir> "; a long path loses its middle.
std::string prompt_for(const Session& session) {
  const bool colours = terminal::shows_colours(STDOUT_FILENO);
  std::string prompt = terminal::paint("gantry", Style::bold, colours);
  const Place& here = session.here();
  if (here.connection != nullptr) {
    const ftp::Site& site = here.connection->site();
    const std::string where = site.user.empty() ? site.host : site.user + "@" + site.host;
    const std::size_t room = std::max<std::size_t>(terminal::size_of(STDOUT_FILENO).columns / 2, 8);
    const std::string path = terminal::cut(terminal::printable(here.path), room);
    prompt += " " + terminal::paint(terminal::printable(where), Style::good, colours) + ":" +
              terminal::paint(path, Style::directory, colours);
  }
  return prompt + "> ";
}

std::filesystem::path history_file() {
  const auto state = state_directory();
  return state.empty() ? state : state / "history";
}

std::vector<std::string_view> own_names() {
  std::vector<std::string_view> names;
  for (const Own& own : own_commands()) {
    names.push_back(own.name);
    names.insert(names.end(), own.aliases.begin(), own.aliases.end());
  }
  return names;
}

/// Runs a line as a person or a script gave it; Ctrl-C during it ends it alone.
std::optional<Exit> obey(Session& session, const std::string& line) {
  Interrupts::forget();
  const auto end = run_line(session, line);
  std::fflush(stdout);
  return Interrupts::leaving() ? std::nullopt : end;
}

/// Tells the server from time to time that we are still there, beside the prompt: who types waits for no reply.
class KeepAlive {
 public:
  explicit KeepAlive(Session& session) : session_(session) {}

  void begin() {
    if (session_.here().connection == nullptr) return;
    wait();
    // One that is gone is made anew by what needs it next; nobody has asked for anything yet.
    thread_ = quiet_thread([connection = session_.here().connection] { (void)connection->keep_alive(); });
  }
  /// Before the connection is used otherwise.
  void wait() {
    if (thread_.joinable()) thread_.join();
  }

 private:
  Session& session_;
  std::jthread thread_;
};

Exit run_typed(Session& session, Milliseconds keep_alive) {
  Completer completer(session, own_names());
  KeepAlive alive(session);
  const auto complete = [&](std::string_view line) {
    alive.wait();
    return completer.complete(line);
  };
  terminal::LineEditor editor(
      {.history = history_file(),
       .complete = complete,
       .idle = keep_alive.count() > 0 ? std::function<void()>([&alive] { alive.begin(); }) : nullptr,
       .idle_every = keep_alive},
      session.stop());
  for (std::string line;;) {
    Interrupts::forget();
    announce_ended(session);
    const Typed typed = editor.read(prompt_for(session), line);
    if (typed == Typed::end || Interrupts::leaving()) break;
    if (typed == Typed::interrupted || trim(line).empty()) continue;
    if (!is_private(line)) editor.remember(line);
    completer.forget();
    alive.wait();
    if (!obey(session, line)) break;
  }
  if (Interrupts::leaving()) return Exit::stopped;
  Interrupts::forget();
  finish_jobs(session);
  return Exit::ok;
}

Exit run_lines(Session& session, int descriptor, bool stops_at_failure) {
  Ends all;
  while (const auto line = terminal::read_line(descriptor, session.stop())) {
    const auto end = obey(session, *line);
    if (!end) break;
    if (!trim(*line).empty() && !trim(*line).starts_with('#')) all.add(*end);
    if (*end == Exit::stopped) return *end;
    if (*end != Exit::ok && stops_at_failure) return *end;
  }
  return session.stop() ? Exit::stopped : all.end();
}

/// What runs in the background counts like what the script waited for.
Exit run_script(Session& session, int descriptor, bool stops_at_failure) {
  const Exit lines = run_lines(session, descriptor, stops_at_failure);
  return with_job(lines, finish_jobs(session));
}

}  // namespace

bool is_private(std::string_view line) {
  static const std::regex secrets(R"(://[^/\s]*:[^/\s]*@|^\s*\S+\s+pass\b|^\s*(user|account|password)\b)",
                                  std::regex::icase);
  return line.starts_with(' ') || std::regex_search(line.begin(), line.end(), secrets);
}

Exit print_help(Session& session, const std::string& name) {
  if (const Verb* verb = find_verb(name)) return run_verb(session, *verb, {"--help"});
  std::vector<std::vector<terminal::Cell>> rows;
  const auto add = [&](std::string_view command, const std::vector<std::string_view>& aliases, std::string_view text) {
    std::string names(command);
    for (const std::string_view alias : aliases) names.append(", ").append(alias);
    rows.push_back({{.text = "  " + names}, {.text = std::string(text)}});
  };
  std::string_view group;
  for (const Verb& verb : verbs()) {
    if (verb.where == Where::one_shot_only || (!name.empty() && verb.name != name)) continue;
    if (verb.group != group) rows.push_back({{.text = std::string(group = verb.group), .style = Style::bold}});
    add(verb.name, verb.aliases, verb.summary);
  }
  if (name.empty()) rows.push_back({{.text = "shell", .style = Style::bold}});
  for (const Own& own : own_commands())
    if (name.empty() || is_own(name, own.name)) add(own.name, own.aliases, own.summary);
  if (rows.empty()) return session.report(name, {.why = ftp::Why::usage, .text = "no such command; help lists them"});
  static constexpr std::array columns = {terminal::Align::left, terminal::Align::left};
  fmt::print("{}", terminal::table(columns, rows, terminal::shows_colours(STDOUT_FILENO)));
  return Exit::ok;
}

namespace {

/// An option that takes "30s", "5m", "250ms".
void add_duration(CLI::App& app, const std::string& name, Milliseconds& value, const std::string& help) {
  app.add_option_function<std::string>(
         name,
         [name, &value](const std::string& text) {
           const auto duration = parse_duration(text);
           if (!duration) throw CLI::ValidationError(name, "\"" + text + "\" is no duration: 30s, 5m, 250ms");
           value = *duration;
         },
         help)
      ->type_name("TIME");
}

}  // namespace

void add_shell_options(CLI::App& app, ShellOptions& options) {
  app.add_option("--batch", options.batch, "Run the lines of this file (-: standard input), up to the first failure")
      ->type_name("FILE");
  app.add_flag("--keep-going", options.keep_going, "A batch goes on after failures");
  add_duration(app, "--keep-alive", options.keep_alive, "How often a waiting prompt tells the server that it is there");
}

Exit run_shell(Session& session, const ShellOptions& options) {
  if (options.batch.empty() && terminal::answers() && terminal::draws()) return run_typed(session, options.keep_alive);
  if (options.batch.empty()) return run_script(session, STDIN_FILENO, false);
  if (options.batch == "-") return run_script(session, STDIN_FILENO, !options.keep_going);
  const int file = ::open(options.batch.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return session.report(options.batch, {.why = ftp::Why::local, .text = std::strerror(errno)});
  const Exit end = run_script(session, file, !options.keep_going);
  ::close(file);
  return end;
}

}  // namespace gantry::client
