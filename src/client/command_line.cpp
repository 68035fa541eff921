#include "client/command_line.hpp"

#include <CLI/CLI.hpp>

#include <memory>

#include "client/file_options.hpp"
#include "client/interrupts.hpp"
#include "client/progress.hpp"
#include "client/session.hpp"
#include "client/shell.hpp"
#include "client/verb.hpp"

namespace gantry::client {
namespace {

void add_options(CLI::App& app, Settings& settings) {
  app.add_flag("--plain", settings.plain, "No TLS: everybody on the way can read the password and the files");
  app.add_option("--password-file", settings.password_file, "The password is the first line of this file");
  app.add_option("--ca-file", settings.connection.ca_file,
                 "Certificates of authorities to trust instead of the system's");
  add_progress_options(app, settings);
  add_file_options(app, settings);
}

}  // namespace

Exit run(const std::vector<std::string>& words, const std::string& version) {
  Settings settings;
  CLI::App app{"gantry: a client for FTP servers", "gantry"};
  app.set_version_flag("--version", "gantry " + version);
  app.fallthrough();
  add_options(app, settings);
  std::string url;
  app.add_option("url", url, "Where the shell begins: ftp://USER@HOST/DIRECTORY");
  std::vector<std::pair<CLI::App*, Action>> actions;
  for (const Verb& verb : verbs()) {
    if (verb.where == Where::shell_only) continue;
    CLI::App* command = app.add_subcommand(std::string(verb.name), std::string(verb.summary));
    actions.emplace_back(command, verb.define(*command));
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? Exit::ok : Exit::usage;
  }
  Session session(settings);
  const Interrupts interrupts(session.stop());
  for (const auto& [command, action] : actions)
    if (command->parsed()) return action(session);
  if (!url.empty())
    if (auto there = session.go(url); !there) return session.report(url, there.error());
  return run_shell(session);
}

}  // namespace gantry::client
