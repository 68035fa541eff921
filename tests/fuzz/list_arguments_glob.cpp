// LIST's flags and patterns: the path is a tail of the argument, and a pattern agrees with a plain slow matcher.
#include <vector>

#include "proto/glob.hpp"
#include "proto/list_arguments.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace gantry::proto;

namespace {

/// Of a pattern without sets and backslashes: one row of reachable positions after the other.
bool slow_match(std::string_view pattern, std::string_view name) {
  std::vector<char> row(name.size() + 1, 0);
  row[0] = 1;
  for (char c : pattern) {
    std::vector<char> next(name.size() + 1, 0);
    bool any_before = false;
    for (std::size_t i = 0; i <= name.size(); ++i) {
      any_before = any_before || row[i] != 0;
      if (c == '*')
        next[i] = any_before;
      else if (i > 0 && row[i - 1] != 0 && (c == '?' || c == name[i - 1]))
        next[i] = 1;
    }
    row = std::move(next);
  }
  return row.back() != 0;
}

}  // namespace

FUZZ_TARGET(list_arguments_glob) {
  gantry::fuzz::Choices choices(input);
  const std::string_view argument = choices.line();
  const std::string_view name = choices.line().substr(0, 255);
  const ListArguments arguments = parse_list_arguments(argument);
  CHECK(argument.ends_with(arguments.path));
  if (!argument.starts_with('-') && !argument.starts_with(' ')) CHECK(arguments.path == argument);

  const Glob glob(arguments.path, Glob::DotNames::match);
  const bool found = glob.matches(name);
  const bool simple = arguments.path.find_first_of("[\\") == std::string::npos;
  // Below this size the budget cannot run out: comparisons are at most pattern times name, and stars.
  const bool within_budget = (arguments.path.size() + 1) * (name.size() + 1) * 2 < Glob::step_budget;
  if (simple && within_budget) CHECK(found == slow_match(arguments.path, name));
  if (!Glob::is_pattern(arguments.path) && simple && within_budget) CHECK(found == (arguments.path == name));
  if (Glob(arguments.path).matches(name)) CHECK(found);
}
