#include "client/command_line.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>

#include "client/interrupts.hpp"
#include "client/options.hpp"
#include "client/session.hpp"
#include "client/shell.hpp"
#include "client/verb.hpp"

namespace gantry::client {
namespace {

/// The verbs by group, a line each.
std::string overview() {
  std::string text;
  std::string_view group;
  for (const Verb& verb : verbs()) {
    if (verb.where == Where::shell_only) continue;
    if (group != verb.group) text += fmt::format("\n{}:\n", group = verb.group);
    text += fmt::format("  {:<10} {}\n", verb.name, verb.summary);
  }
  return text + "\ngantry VERB --help tells more.";
}

Exit run_words(Session& session, std::vector<std::string> words, const ShellOptions& shell) {
  if (words.empty()) return run_shell(session, shell);
  const std::string first = words.front();
  words.erase(words.begin());
  const Verb* verb = find_verb(first);
  if (verb != nullptr && verb->where != Where::shell_only) return run_verb(session, *verb, std::move(words));
  if (!session.names_server(first))
    return session.report(first, {.why = ftp::Why::usage, .text = "is no command; gantry --help lists them"});
  if (!words.empty())
    return session.report(words.front(), {.why = ftp::Why::usage, .text = "is too much: the shell begins at one URL"});
  if (auto there = session.go(first); !there) return session.report(first, there.error());
  return run_shell(session, shell);
}

}  // namespace

Exit run(const std::vector<std::string>& words, const std::string& version) {
  Settings settings;
  CLI::App app{
      "gantry: a client for FTP servers\n\n"
      "gantry [OPTIONS] [ftp://USER@HOST/DIRECTORY]   a shell\n"
      "gantry [OPTIONS] VERB [OPTIONS] URL...         one verb",
      "gantry"};
  app.set_version_flag("--version", "gantry " + version);
  app.footer(overview());
  app.prefix_command();
  add_options(app, settings);
  ShellOptions shell;
  add_shell_options(app, shell);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? Exit::ok : Exit::usage;
  }
  Session session(settings);
  const Interrupts interrupts(session.stop());
  return run_words(session, app.remaining(), shell);
}

}  // namespace gantry::client
