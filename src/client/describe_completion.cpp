#include <fmt/format.h>

#include "client/describe.hpp"
#include "client/described.hpp"

namespace gantry::client {
namespace {

/// Inside single quotes of bash, zsh and fish alike.
std::string quoted(std::string_view text, std::string_view quote_inside) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string(quote_inside) : std::string(1, c);
  return out + "'";
}

std::string words_of(const std::vector<DescribedOption>& options) {
  std::string words;
  for (const DescribedOption& option : options) {
    for (const std::string& name : option.shorts) words += " -" + name;
    for (const std::string& name : option.longs) words += " --" + name;
  }
  return words;
}

std::vector<DescribedOption> all_options(const Described& verb) {
  std::vector<DescribedOption> options = verb.options;
  for (DescribedOption& option : described_options(verb.verb->moves)) options.push_back(std::move(option));
  return options;
}

std::string for_bash() {
  std::string names;
  std::string cases;
  for (const Described& verb : described_verbs(false)) {
    names += fmt::format(" {}", verb.verb->name);
    cases += fmt::format("    {}) words={} ;;\n", verb.verb->name, quoted(words_of(all_options(verb)), R"('\'')"));
  }
  return fmt::format(R"(# gantry(1) for bash
_gantry() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} verb= words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in -*) ;; *) verb=${{COMP_WORDS[i]}}; break ;; esac
  done
  case $verb in
    '') words={} ;;
{}    *) words= ;;
  esac
  if [[ -z $verb || $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=()
  fi
}}
complete -o default -F _gantry gantry
)",
                     quoted(names + words_of(described_options(Moves::nothing)), R"('\'')"), cases);
}

/// For _arguments: '-l[help]' or '--size=[help]:SIZE:'.
std::string zsh_options(const std::vector<DescribedOption>& options) {
  const auto one = [](const std::string& name, const DescribedOption& option) {
    std::string help;
    for (const char c : option.help)
      help += c == '[' || c == ']' || c == ':' ? std::string{'\\', c} : std::string(1, c);
    const std::string value =
        option.value.empty() ? "" : fmt::format(":{}:_files", option.value.contains('|') ? "word" : option.value);
    return " " + quoted(fmt::format("{}[{}]{}", name, help, value), R"('\'')");
  };
  std::string words;
  for (const DescribedOption& option : options) {
    for (const std::string& name : option.shorts) words += one("-" + name, option);
    for (const std::string& name : option.longs) words += one("--" + name, option);
  }
  return words;
}

std::string for_zsh() {
  std::string names;
  std::string cases;
  for (const Described& verb : described_verbs(false)) {
    names += " " + quoted(fmt::format("{}:{}", verb.verb->name, verb.verb->summary), R"('\'')");
    cases += fmt::format("    {}) _arguments{} '*:path:_files' ;;\n", verb.verb->name, zsh_options(all_options(verb)));
  }
  return fmt::format(R"(#compdef gantry
# gantry(1) for zsh
_gantry() {{
  local -a verbs
  verbs=({})
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
{}    *) _files ;;
  esac
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _gantry "$@"; else compdef _gantry gantry; fi
)",
                     names, cases);
}

std::string fish_options(const std::string& condition, const std::vector<DescribedOption>& options) {
  std::string lines;
  for (const DescribedOption& option : options) {
    lines += "complete -c gantry" + condition;
    for (const std::string& name : option.shorts) lines += " -s " + name;
    for (const std::string& name : option.longs) lines += " -l " + name;
    if (!option.value.empty()) lines += " -r";
    lines += " -d " + quoted(option.help, R"(\')") + "\n";
  }
  return lines;
}

std::string for_fish() {
  std::string lines = "# gantry(1) for fish\n" + fish_options("", described_options(Moves::nothing));
  for (const Described& verb : described_verbs(false)) {
    lines += fmt::format("complete -c gantry -n __fish_use_subcommand -a {} -d {}\n", verb.verb->name,
                         quoted(verb.verb->summary, R"(\')"));
    lines += fish_options(fmt::format(" -n '__fish_seen_subcommand_from {}'", verb.verb->name), verb.options);
  }
  return lines;
}

}  // namespace

std::optional<std::string> completion_script(std::string_view shell) {
  if (shell == "bash") return for_bash();
  if (shell == "zsh") return for_zsh();
  if (shell == "fish") return for_fish();
  return std::nullopt;
}

}  // namespace gantry::client
