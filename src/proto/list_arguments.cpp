#include "proto/list_arguments.hpp"

#include <algorithm>

namespace gantry::proto {
namespace {

/// Letters ls knows; anything else behind a dash is a name.
bool is_flags(std::string_view word) {
  static constexpr std::string_view known = "1aAbCdFghklLmnopqrRsStTuUxX";
  return word.size() > 1 && word.front() == '-' &&
         std::ranges::all_of(word.substr(1), [](char c) { return known.contains(c); });
}

void apply(std::string_view flags, ListArguments& arguments) {
  arguments.all |= flags.contains('a') || flags.contains('A');
  arguments.recursive |= flags.contains('R');
  arguments.one_per_line |= flags.contains('1');
  arguments.long_format |= flags.contains('l');
}

}  // namespace

ListArguments parse_list_arguments(std::string_view argument) {
  ListArguments arguments;
  for (;;) {
    std::size_t blank = argument.find(' ');
    std::string_view word = argument.substr(0, blank);
    bool end_of_flags = word == "--";
    if (!end_of_flags && !is_flags(word)) break;
    if (!end_of_flags) apply(word, arguments);
    argument = blank == std::string_view::npos ? std::string_view{} : argument.substr(blank + 1);
    if (end_of_flags) break;
  }
  arguments.path = argument;
  return arguments;
}

}  // namespace gantry::proto
