#include "state/node.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <vector>

#include "base/text.hpp"

namespace gantry::state {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// What tells this machine and its space of process numbers from others; empty where /proc does not say.
std::string here() {
  char space[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/ns/pid", space, sizeof space);
  const std::string boot = first_line("/proc/sys/kernel/random/boot_id");
  if (length <= 0 || boot.empty()) return {};
  return fmt::format("{}/{}", boot, std::string_view(space, static_cast<std::size_t>(length)));
}

/// When a process began, in ticks since boot: field 22 of proc(5) stat. Empty when there is no such process.
std::string start_of(std::string_view process) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", process));
  // The second field is the program's name in parentheses and may hold anything.
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  const auto fields = split(std::string_view(line).substr(name_end + 1), ' ');
  constexpr std::size_t start_field = 20;  // the empty piece before the first blank counts as one
  // A process that has ended and that nobody has waited for sends nothing any more.
  constexpr std::size_t state_field = 1;
  if (fields.size() <= start_field || fields[state_field] == "Z" || fields[state_field] == "X") return {};
  return std::string(fields[start_field]);
}

}  // namespace

std::string this_node() {
  const std::string process = std::to_string(::getpid());
  return fmt::format("{}/{}/{}", here(), process, start_of(process));
}

bool node_is_gone(std::string_view node) {
  const std::string place = here();
  if (place.empty() || !node.starts_with(place + "/")) return false;
  const auto rest = split(node.substr(place.size() + 1), '/');
  if (rest.size() != 2 || rest[0].empty() || !std::ranges::all_of(rest[0], [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  return start_of(rest[0]) != rest[1];
}

}  // namespace gantry::state
