#include "proto/checksum_arguments.hpp"

#include "base/text.hpp"
#include "proto/numbers.hpp"

namespace gantry::proto {

std::optional<ChecksumArguments> parse_checksum_arguments(std::string_view argument) {
  if (argument.empty()) return std::nullopt;
  if (argument.front() != '"') return ChecksumArguments{std::string(argument), std::nullopt, std::nullopt};
  std::size_t close = argument.find('"', 1);
  if (close == std::string_view::npos || close == 1) return std::nullopt;
  ChecksumArguments parsed{std::string(argument.substr(1, close - 1)), std::nullopt, std::nullopt};
  std::string_view rest = trim(argument.substr(close + 1));
  if (rest.empty()) return parsed;
  auto words = split(rest, ' ');
  if (words.size() > 2) return std::nullopt;
  parsed.start = parse_offset(words[0]);
  if (!parsed.start) return std::nullopt;
  if (words.size() == 2) {
    parsed.end = parse_offset(words[1]);
    if (!parsed.end) return std::nullopt;
  }
  return parsed;
}

}  // namespace gantry::proto
