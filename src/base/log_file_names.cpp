#include "base/log_file_names.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace gantry::log {
namespace {

namespace fs = std::filesystem;

/// The time texts of all periods, '#' for a digit: a directory may hold files of an earlier configuration.
constexpr std::array<std::string_view, 4> shapes{"####-##-##", "####-##-##_##", "####-##-##_##-##",
                                                 "####-##-##_##-##-##"};

bool has_shape(std::string_view text, std::string_view shape) {
  return std::ranges::equal(text, shape,
                            [](char c, char wanted) { return wanted == '#' ? c >= '0' && c <= '9' : c == wanted; });
}

/// Digits only, without a leading zero.
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || text.front() == '0')
    return std::nullopt;
  return number;
}

/// A file put aside by time: its period and, where several had the same, its number.
using Timed = std::pair<std::string, std::uint64_t>;

std::optional<Timed> timed_of(std::string_view rest) {
  auto dot = rest.find('.');
  std::string_view period = rest.substr(0, dot);
  if (std::ranges::none_of(shapes, [&](std::string_view shape) { return has_shape(period, shape); }))
    return std::nullopt;
  if (dot == std::string_view::npos) return Timed(period, 0);
  auto number = number_of(rest.substr(dot + 1));
  if (!number) return std::nullopt;
  return Timed(period, *number);
}

std::optional<std::uint64_t> numbered_of(const fs::path& live, std::string_view name) {
  std::string before = live.stem().string() + '.';
  std::string after = live.extension().string();
  if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after))
    return std::nullopt;
  return number_of(name.substr(before.size(), name.size() - before.size() - after.size()));
}

Result<void> move(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) return fail(Errc::unavailable, "rename " + from, error.message());
  return {};
}

bool taken(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

}  // namespace

LogFile::Time period_start(Rotation rotation, LogFile::Time now) {
  using namespace std::chrono;
  switch (rotation) {
    case Rotation::second:
      return floor<seconds>(now);
    case Rotation::minute:
      return floor<minutes>(now);
    case Rotation::hour:
      return floor<hours>(now);
    case Rotation::day:
      return floor<days>(now);
    case Rotation::size:
    case Rotation::never:
      break;
  }
  return now;
}

std::string numbered_name(const std::string& path, std::uint64_t number) {
  fs::path live(path);
  return (live.parent_path() / fmt::format("{}.{}{}", live.stem().string(), number, live.extension().string()))
      .string();
}

std::string free_timed_name(const std::string& path, Rotation rotation, LogFile::Time period) {
  auto time = fmt::gmtime(std::chrono::system_clock::to_time_t(period));
  std::string name = path;
  if (rotation == Rotation::day) name += fmt::format(".{:%Y-%m-%d}", time);
  if (rotation == Rotation::hour) name += fmt::format(".{:%Y-%m-%d_%H}", time);
  if (rotation == Rotation::minute) name += fmt::format(".{:%Y-%m-%d_%H-%M}", time);
  if (rotation == Rotation::second) name += fmt::format(".{:%Y-%m-%d_%H-%M-%S}", time);
  if (!taken(name)) return name;
  std::uint64_t number = 1;
  while (taken(fmt::format("{}.{}", name, number))) ++number;
  return fmt::format("{}.{}", name, number);
}

Result<void> shift_numbered(const std::string& path, std::uint32_t keep) {
  std::uint64_t free = 1;
  while ((keep == 0 || free < keep) && taken(numbered_name(path, free))) ++free;
  for (; free > 1; --free) {
    auto moved = move(numbered_name(path, free - 1), numbered_name(path, free));
    if (!moved) return moved;
  }
  return {};
}

void prune(const std::string& path, std::uint32_t keep) {
  if (keep == 0) return;
  fs::path live(path);
  fs::path directory = live.has_parent_path() ? live.parent_path() : fs::path(".");
  std::string timed_prefix = live.filename().string() + '.';
  std::vector<std::pair<Timed, fs::path>> timed;
  std::error_code error;
  std::error_code ignored;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (auto number = numbered_of(live, name); number && *number > keep) fs::remove(entry->path(), ignored);
    if (!name.starts_with(timed_prefix)) continue;
    if (auto key = timed_of(std::string_view(name).substr(timed_prefix.size())))
      timed.emplace_back(std::move(*key), entry->path());
  }
  if (timed.size() <= keep) return;
  std::ranges::sort(timed);
  timed.resize(timed.size() - keep);
  for (const auto& old : timed) fs::remove(old.second, ignored);
}

}  // namespace gantry::log
