#include "proto/command_line.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace gantry::proto {

CommandLine parse_command(std::string_view line) {
  std::size_t blank = line.find(' ');
  CommandLine command{to_upper(line.substr(0, blank)), {}, false};
  if (blank != std::string_view::npos) {
    command.has_argument = true;
    command.argument = line.substr(blank + 1);
  }
  return command;
}

bool looks_like_http_or_smtp(const CommandLine& command, std::string_view line) {
  static constexpr std::array foreign{"GET", "POST", "HEAD", "PUT", "PATCH", "CONNECT", "TRACE", "OPTIONS", "EHLO", "HELO"};
  if (std::ranges::find(foreign, command.verb) != foreign.end()) return true;
  // "Host: example": a header line. No FTP verb holds a colon.
  std::size_t colon = line.substr(0, line.find(' ')).find(':');
  return colon != std::string_view::npos && colon > 0 && colon + 1 == line.substr(0, line.find(' ')).size();
}

}  // namespace gantry::proto
