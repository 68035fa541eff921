// gantryd: the command line of the server.
#include <fmt/format.h>
#include <malloc.h>
#include <sodium.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "accounts/password.hpp"
#include "base/log.hpp"
#include "base/units.hpp"
#include "config/loader.hpp"
#include "config/log_options.hpp"
#include "config/print.hpp"
#include "gantryd/admin.hpp"
#include "gantryd/import.hpp"
#include "gantryd/uploads.hpp"
#include "server/check.hpp"
#include "server/descriptors.hpp"
#include "server/server.hpp"
#include "server/wire.hpp"

namespace gantry {
namespace {

// sysexits.h: what scripts and service managers know.
constexpr int exit_usage = 64;
constexpr int exit_unavailable = 69;
constexpr int exit_configuration = 78;

/// All problems, each on a line with file, line, column and key; nothing is served.
std::optional<config::Loaded> load(const std::string& file) {
  auto loaded = config::load_file(file);
  if (!loaded) {
    for (const auto& problem : loaded.error()) fmt::print(stderr, "{}\n", config::format(problem));
    return std::nullopt;
  }
  for (const auto& warning : loaded->warnings) fmt::print(stderr, "warning: {}\n", config::format(warning));
  return std::move(*loaded);
}

/// For who reads the log later and has not seen the terminal.
void log_remarks(const config::Loaded& loaded) {
  if (!loaded.config.log.directory.empty())
    for (const auto& warning : loaded.warnings) log::warning("configuration", {{"warning", config::format(warning)}});
  for (const auto& note : loaded.notes) log::info("configuration", {{"note", config::format(note)}});
}

/// What is left to the allocator is used again soon, a page of a listing as well as the buffer of a small file. Fixed,
/// because glibc would keep twice as much as was ever given back at once.
void keep_what_is_used_again() {
  mallopt(M_MMAP_THRESHOLD, int{1 * mib});
  mallopt(M_TRIM_THRESHOLD, int{2 * mib});
}

int serve(const std::string& file) {
  keep_what_is_used_again();
  auto loaded = load(file);
  if (!loaded) return exit_configuration;
  auto config = std::make_shared<const config::Config>(loaded->config);
  auto opened = log::open(config::log_options(config->log));
  if (!opened) {
    fmt::print(stderr, "log.directory: {}\n", opened.error().text());
    return exit_configuration;
  }
  log_remarks(*loaded);
  if (!server::raise_descriptor_limit()) log::warning("the limit of open files cannot be raised");
  // A peer that is gone and a file at the limit of the system are errors of one session.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  auto server = server::Server::create(config);
  if (!server) {
    fmt::print(stderr, "{}\n", server.error().text());
    log::error("not started", {{"reason", server.error().text()}});
    log::flush();
    return server.error().code == Errc::invalid ? exit_configuration : exit_unavailable;
  }
  for (const std::string& address : (*server)->addresses()) log::info("listening", {{"address", address}});
  (*server)->run();
  log::flush();
  return 0;
}

int check(const std::string& file) {
  auto loaded = load(file);
  if (!loaded) return exit_configuration;
  for (const auto& note : loaded->notes) fmt::print(stderr, "note: {}\n", config::format(note));
  auto problems = server::check_stores(loaded->config);
  for (const std::string& problem : problems) fmt::print(stderr, "{}\n", problem);
  if (!problems.empty()) return exit_unavailable;
  fmt::print("{}: no problem found\n", file);
  return 0;
}

int print_config(const config::Config& config) {
  fmt::print("{}", config::print(config));
  return 0;
}

int with_config(const std::string& file, const std::function<int(const config::Config&)>& work) {
  auto loaded = load(file);
  if (!loaded) return exit_configuration;
  return work(loaded->config);
}

/// The password comes from standard input, never from the command line, where others could read it.
int hash_password(const accounts::HashCost& cost) {
  if (isatty(STDIN_FILENO) != 0) fmt::print(stderr, "Password: ");
  std::string password;
  if (!std::getline(std::cin, password) || password.empty()) {
    fmt::print(stderr, "no password on standard input\n");
    return exit_usage;
  }
  const auto hash = accounts::hash_password(password, cost);
  if (!hash) {
    fmt::print(stderr, "{}\n", hash.error().text());
    return exit_usage;
  }
  fmt::print("{}\n", *hash);
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"gantryd: FTP and FTPS in front of object storage and local disks"};
  std::string file = "gantry.toml";
  bool check_only = false;
  bool print_only = false;
  app.add_option("--config", file, "configuration file")->capture_default_str();
  app.add_flag("--check", check_only, "check the configuration and the stores, serve nothing");
  app.add_flag("--print-config", print_only, "print the configuration in force, secrets hidden");
  app.set_version_flag("--version", GANTRY_VERSION);
  auto* check_command = app.add_subcommand("check", "check the configuration and the stores");
  auto* hash_command = app.add_subcommand("hash-password", "read a password from standard input, print its hash");
  auto* hash_config =
      hash_command->add_option("--config", file, "configuration file whose [passwords] say what the hash costs");
  check_command->add_option("--config", file, "configuration file");
  ImportOptions import_options;
  auto* import_command = app.add_subcommand("import", "print a configuration, such as a vsftpd.conf, as gantry.toml");
  import_command->add_option("FILE", file, "the file to read")->required();
  auto* from_environment = import_command->add_flag("--secret-env", import_options.secrets_from_environment,
                                                    "name environment variables instead of the stores' secrets");
  import_command
      ->add_option("--secret-files", import_options.secret_directory,
                   "write the stores' secrets into files in this directory and name those")
      ->excludes(from_environment);
  auto* uploads_command = app.add_subcommand("uploads", "unfinished uploads on record in the state database");
  uploads_command->add_option("--config", file, "configuration file");
  uploads_command->require_subcommand(1);
  auto* uploads_list =
      uploads_command->add_subcommand("list", "ticket, state, bytes, since when, owner and key of each");
  auto* uploads_abort = uploads_command->add_subcommand("abort", "abort one in the bucket");
  std::string ticket;
  uploads_abort->add_option("TICKET", ticket, "as the list shows it")->required();
  AdminCommands admin(app, file);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : exit_usage;
  }
  if (hash_config->count() > 0)
    return with_config(file, [](const config::Config& config) { return hash_password(server::hash_cost(config)); });
  if (hash_command->parsed()) return hash_password({});
  if (check_only || check_command->parsed()) return check(file);
  if (import_command->parsed())
    return with_config(file, [&](const config::Config& config) { return import(config, import_options); });
  if (uploads_list->parsed()) return with_config(file, list_uploads);
  if (uploads_abort->parsed())
    return with_config(file, [&](const config::Config& config) { return abort_upload(config, ticket); });
  if (admin.parsed()) return admin.run();
  if (print_only) return with_config(file, print_config);
  return serve(file);
}

}  // namespace
}  // namespace gantry

int main(int argc, char** argv) {
  try {
    if (sodium_init() < 0) return 70;
    return gantry::run(argc, argv);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "gantryd: internal error: %s\n", problem.what());
    return 70;  // EX_SOFTWARE
  }
}
