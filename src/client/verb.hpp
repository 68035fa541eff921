// The verbs: one table for the shell and for `gantry VERB ...`.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/exit.hpp"
#include "client/session.hpp"

namespace gantry::client {

/// Does the work after the command line was read.
using Action = std::function<Exit(Session&)>;

enum class Where : std::uint8_t { everywhere, shell_only, one_shot_only };

/// What Tab offers for the arguments.
enum class Completes : std::uint8_t { nothing, remote, remote_directories, local, local_then_remote, bookmarks };

struct Verb {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view group;    ///< heading in `help`
  std::string_view summary;  ///< one line
  Where where = Where::everywhere;
  Completes completes = Completes::remote;
  Moves moves = Moves::nothing;
  /// Adds the options to `app` and returns what runs once they are read; both live as long as `app`.
  Action (*define)(CLI::App& app) = nullptr;
};

/// All of them, in the order `help` prints.
[[nodiscard]] std::span<const Verb> verbs();
/// By name or alias; null when there is none.
[[nodiscard]] const Verb* find_verb(std::string_view name);

/// Reads `words` (without the verb) and runs. Usage errors are printed with the verb's own help.
Exit run_verb(Session& session, const Verb& verb, std::vector<std::string> words);
/// The same for a verb that another one needs: the settings stay as they are.
Exit run_within(Session& session, const Verb& verb, std::vector<std::string> words);

}  // namespace gantry::client
