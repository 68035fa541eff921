#include "config/memory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry::config {
namespace {

/// What to assume where nothing can be read.
constexpr std::uint64_t assumed_memory = gib;

std::optional<std::uint64_t> limit_in(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return parse_number(trim(line));  // "max" is no number: no limit
}

std::optional<std::uint64_t> machine_memory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::string_view text = line;
    if (!text.starts_with("MemTotal:")) continue;
    text = trim(text.substr(9));
    const auto kilobytes = parse_number(text.substr(0, text.find(' ')));
    if (kilobytes && *kilobytes != 0) return *kilobytes * kib;
  }
  return std::nullopt;
}

/// The least limit found in `group` and in every group above it, up to `mount`.
void apply_limits(std::uint64_t& least, const std::string& mount, std::filesystem::path group, const char* file) {
  for (;; group = group.parent_path()) {
    const auto limit = limit_in(mount + group.string() + "/" + file);
    if (limit && *limit != 0) least = std::min(least, *limit);
    if (group.empty() || group == group.parent_path()) return;
  }
}

}  // namespace

std::uint64_t usable_memory(const std::string& root) {
  std::uint64_t least = machine_memory(root).value_or(assumed_memory);
  const std::string mount = root + "/sys/fs/cgroup";
  // Inside a container the group's own files are at the mount itself, whatever /proc/self/cgroup says.
  apply_limits(least, mount, {}, "memory.max");
  apply_limits(least, mount + "/memory", {}, "memory.limit_in_bytes");
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto fields = split(line, ':');
    if (fields.size() != 3 || !fields[2].starts_with('/') || fields[2].contains("..")) continue;
    if (fields[1].empty())
      apply_limits(least, mount, fields[2], "memory.max");
    else if (auto names = split(fields[1], ','); std::ranges::find(names, "memory") != names.end())
      apply_limits(least, mount + "/memory", fields[2], "memory.limit_in_bytes");
  }
  return least;
}

}  // namespace gantry::config
