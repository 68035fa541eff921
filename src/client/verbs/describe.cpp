// Verbs that describe gantry to other programs: completion, man.
#include "client/describe.hpp"

#include <fmt/format.h>

#include <memory>

#include "client/verbs/verbs.hpp"

namespace gantry::client {
namespace {

Action define_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  app.add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return [shell](Session& /*session*/) {
    fmt::print("{}", completion_script(*shell).value_or(""));
    return Exit::ok;
  };
}

Action define_manual(CLI::App& /*app*/) {
  return [](Session& /*session*/) {
    fmt::print("{}", manual_page());
    return Exit::ok;
  };
}

}  // namespace

std::vector<Verb> describe_verbs() {
  return {
      {.name = "completion",
       .aliases = {},
       .group = "settings",
       .summary = "Print a script that completes words in your shell",
       .where = Where::one_shot_only,
       .completes = Completes::nothing,
       .define = define_completion},
      {.name = "man",
       .aliases = {},
       .group = "settings",
       .summary = "Print the manual page in roff",
       .where = Where::one_shot_only,
       .completes = Completes::nothing,
       .define = define_manual},
  };
}

}  // namespace gantry::client
