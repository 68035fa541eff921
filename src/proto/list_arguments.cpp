#include "proto/list_arguments.hpp"

#include <algorithm>
#include <cstddef>

namespace gantry::proto {
namespace {

constexpr std::size_t most_flags = 12;

bool is_flag(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '1'; }

bool is_flag_word(std::string_view word) {
  return word.size() >= 2 && word.size() <= most_flags + 1 && word.front() == '-' &&
         std::ranges::all_of(word.substr(1), is_flag);
}

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

/// Takes the first word and the one blank that ends it off `text`.
std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

void set_flags(std::string_view word, ListArguments& arguments) {
  for (char c : word) {
    if (c == 'a' || c == 'A') arguments.all = true;
    if (c == 'R') arguments.recursive = true;
    if (c == '1') arguments.one_per_line = true;
    if (c == 'l') arguments.long_format = true;
  }
}

}  // namespace

ListArguments parse_list_arguments(std::string_view argument) {
  ListArguments arguments;
  std::string_view path = argument;
  bool had_flags = false;
  for (;;) {
    std::string_view rest = without_leading_blanks(path);
    std::string_view word = take_word(rest);
    const bool end_of_flags = word == "--";
    if (!end_of_flags && !is_flag_word(word)) break;
    set_flags(word, arguments);
    had_flags = true;
    path = rest;
    if (end_of_flags) break;
  }
  if (!had_flags || !without_leading_blanks(path).empty()) arguments.path = path;
  return arguments;
}

}  // namespace gantry::proto
