#include "client/command_line.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "client/config_file.hpp"
#include "client/environment.hpp"
#include "client/interrupts.hpp"
#include "client/options.hpp"
#include "client/session.hpp"
#include "client/shell.hpp"
#include "client/verb.hpp"
#include "terminal/text.hpp"

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

/// What is said in front of a verb.
struct Front {
  std::string config;
  bool print_config = false;
  ShellOptions shell;
};

void define(CLI::App& app, Front& front, Settings& settings) {
  app.prefix_command();
  app.add_option("--config", front.config, "The configuration file; default: ~/.config/gantry/config.toml");
  app.add_flag("--print-config", front.print_config, "Print the settings in force and where each comes from");
  add_shell_options(app, front.shell);
  add_options(app, settings, Moves::files);
}

std::vector<std::string> reversed(std::vector<std::string> words) {
  std::ranges::reverse(words);  // as CLI11 wants them
  return words;
}

/// Sets what the options in front say over other settings. They were read once without a fault.
std::function<void(Settings&)> again(std::vector<std::string> words) {
  return [words = reversed(std::move(words))](Settings& settings) {
    CLI::App app;
    Front front;
    define(app, front, settings);
    app.parse(std::vector<std::string>(words));
  };
}

Config configuration(const Front& front) {
  const bool named = !front.config.empty();
  const std::filesystem::path directory = config_directory();
  const std::filesystem::path file = named               ? std::filesystem::path(front.config)
                                     : directory.empty() ? directory
                                                         : directory / "config.toml";
  Config config = load_config(file);
  std::error_code error;
  if (named && !std::filesystem::exists(file, error))
    config.problems.push_back(file.string() + ": there is no such file");
  return config;
}

Exit run_words(Session& session, std::vector<std::string> words, const ShellOptions& shell) {
  if (words.empty()) return run_shell(session, shell);
  const std::string first = words.front();
  words.erase(words.begin());
  const Verb* verb = find_verb(first);
  if (verb != nullptr && verb->where != Where::shell_only && shell.batch.empty())
    return run_verb(session, *verb, std::move(words));
  if (!session.names_server(first))
    return session.report(first, {.why = ftp::Why::usage, .text = "is no command; gantry --help lists them"});
  if (!words.empty())
    return session.report(words.front(), {.why = ftp::Why::usage, .text = "is too much: the shell begins at one URL"});
  session.begin({first});
  if (auto there = session.go(first); !there) return session.report(first, there.error());
  return run_shell(session, shell);
}

}  // namespace

Exit run(const std::vector<std::string>& words, const std::string& version) {
  Settings scratch;
  Front front;
  CLI::App app{
      "gantry: a client for FTP servers\n\n"
      "gantry [OPTIONS] [ftp://USER@HOST/DIRECTORY]   a shell\n"
      "gantry [OPTIONS] VERB [OPTIONS] URL...         one verb",
      "gantry"};
  app.set_version_flag("--version", "gantry " + version);
  app.footer(overview());
  define(app, front, scratch);
  try {
    app.parse(reversed(words));
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? Exit::ok : Exit::usage;
  }
  const Config config = configuration(front);
  for (const std::string& problem : config.problems) fmt::print(stderr, "gantry: {}\n", terminal::printable(problem));
  if (!config.problems.empty()) return Exit::usage;
  const std::vector<std::string> rest = app.remaining();
  Session session(config, again({words.begin(), words.end() - static_cast<std::ptrdiff_t>(rest.size())}));
  if (front.print_config) {
    fmt::print("{}", print_config(config, session.settings()));
    return Exit::ok;
  }
  const Interrupts interrupts(session.stop());
  return run_words(session, rest, front.shell);
}

}  // namespace gantry::client
