#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "ftp/connection.hpp"

namespace gantry::ftp {

std::string Reply::text() const {
  return fmt::format("{} {}", code, lines.empty() ? std::string() : escape_control(lines.back()));
}

Features::Features(const Reply& reply) {
  if (reply.code != 211) return;
  for (std::size_t i = 1; i + 1 < reply.lines.size(); ++i) {
    const std::string_view line = trim(reply.lines[i]);
    const std::size_t blank = line.find(' ');
    const std::string_view rest = blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    lines_.emplace_back(to_upper(line.substr(0, blank)), rest);
  }
}

bool Features::has(std::string_view name) const {
  return std::ranges::any_of(lines_, [&](const auto& line) { return line.first == name; });
}

std::string Features::parameters(std::string_view name) const {
  const auto line = std::ranges::find(lines_, name, &std::pair<std::string, std::string>::first);
  return line == lines_.end() ? std::string() : line->second;
}

}  // namespace gantry::ftp
