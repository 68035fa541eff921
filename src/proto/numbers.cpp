#include "proto/numbers.hpp"

#include "base/units.hpp"

namespace gantry::proto {

std::optional<std::uint64_t> parse_offset(std::string_view text) { return parse_number(text); }

std::optional<Range> parse_range(std::string_view argument) {
  const std::size_t blank = argument.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  auto first = parse_offset(argument.substr(0, blank));
  auto last = parse_offset(argument.substr(blank + 1));
  if (!first || !last) return std::nullopt;
  if (*first == 1 && *last == 0) return Range{0, 0, true};
  if (*last < *first) return std::nullopt;
  return Range{*first, *last, false};
}

}  // namespace gantry::proto
