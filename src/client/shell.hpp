// The prompt: reads lines, runs verbs, until bye.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "client/session.hpp"

namespace gantry::client {

struct ShellOptions {
  std::string batch;                      ///< a file with lines, "-" for standard input; empty: whoever types
  bool keep_going = false;                ///< a batch goes on after a failure
  Milliseconds keep_alive = Seconds(30);  ///< how often a waiting prompt lets the server know; 0: never
};

/// --batch, --keep-going and --keep-alive; they change `options`, which must live as long as `app`.
void add_shell_options(CLI::App& app, ShellOptions& options);

/// Lines from a person at the terminal, else from standard input without prompts, else from the batch file.
/// Of a person's session the end is ok; of a batch what combine() makes of its verbs; a batch file ends with the first
/// failure. Interrupts must stand.
Exit run_shell(Session& session, const ShellOptions& options = {});

/// Says what the commands are, or with a name what that one does.
Exit print_help(Session& session, const std::string& name);

/// A line that holds something secret, which no history may keep: a password for QUOTE or in a URL.
[[nodiscard]] bool is_private(std::string_view line);

}  // namespace gantry::client
