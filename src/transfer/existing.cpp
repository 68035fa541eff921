#include "transfer/existing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.hpp"

namespace gantry::transfer {
namespace {

constexpr unsigned most_names = 1000;
constexpr std::uint64_t share_of_tail = 1024;  // of the size
constexpr std::uint64_t shortest_tail = 64 * kib;
constexpr std::uint64_t longest_tail = mib;

}  // namespace

Outcome<Existing> settle(const FileOptions& options, const std::string& name, const std::string& what) {
  Existing wish = options.existing;
  if (wish == Existing::ask && options.ask) wish = options.ask(name + ": " + what);
  if (wish != Existing::resume && wish != Existing::ask) return wish;
  return ftp::failed(Why::mismatch, what + "; --overwrite, --skip or --rename says what to do");
}

bool exists_here(const std::string& path) {
  std::error_code problem;
  return std::filesystem::symlink_status(path, problem).type() != std::filesystem::file_type::not_found;
}

Outcome<std::string> free_name(const std::string& path,
                               const std::function<Outcome<bool>(const std::string& path)>& taken) {
  const std::size_t name = path.rfind('/') + 1;
  const std::size_t dot = path.rfind('.');
  // ".profile" has no extension, only a name.
  const std::size_t end = dot == std::string::npos || dot <= name ? path.size() : dot;
  for (unsigned i = 1; i <= most_names; ++i) {
    std::string one = fmt::format("{} ({}){}", path.substr(0, end), i, path.substr(end));
    auto there = taken(one);
    if (!there) return ftp::failed(there.error());
    if (!*there) return one;
  }
  return ftp::failed(Why::mismatch, escape_control(path) + ": a thousand files of that name are there");
}

std::uint64_t tail_of(std::uint64_t size) {
  return std::min(size, std::clamp(size / share_of_tail, shortest_tail, longest_tail));
}

std::string identity_of(const ftp::Entry& entry) {
  const std::string size = entry.size ? std::to_string(*entry.size) : "-";
  return entry.modified && entry.exact_time ? fmt::format("{} {}", size, entry.modified->time_since_epoch().count())
                                            : size;
}

}  // namespace gantry::transfer
