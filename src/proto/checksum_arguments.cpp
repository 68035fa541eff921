#include "proto/checksum_arguments.hpp"

#include <cstddef>

#include "base/text.hpp"
#include "proto/numbers.hpp"
#include "proto/quoted_names.hpp"

namespace gantry::proto {
namespace {

/// "", " start" or " start end".
std::optional<ChecksumArguments> with_positions(std::string path, std::string_view positions) {
  if (path.empty()) return std::nullopt;
  ChecksumArguments arguments{std::move(path), std::nullopt, std::nullopt};
  if (trim(positions).empty()) return arguments;
  auto words = split(positions, ' ');
  if (words.size() > 3 || !words.front().empty()) return std::nullopt;
  arguments.start = parse_offset(words[1]);
  if (!arguments.start) return std::nullopt;
  if (words.size() == 3) {
    arguments.end = parse_offset(words[2]);
    if (!arguments.end) return std::nullopt;
  }
  return arguments;
}

}  // namespace

std::optional<ChecksumArguments> parse_checksum_arguments(std::string_view argument) {
  if (argument.starts_with('"')) {
    auto path = take_quoted(argument);
    return path ? with_positions(std::move(*path), argument) : std::nullopt;
  }
  const std::size_t blank = argument.find(' ');
  if (blank != std::string_view::npos && blank > 0) {
    auto bounded = with_positions(std::string(argument.substr(0, blank)), argument.substr(blank));
    if (bounded && bounded->end) return bounded;
  }
  return with_positions(std::string(argument), {});
}

}  // namespace gantry::proto
