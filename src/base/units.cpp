#include "base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

namespace gantry {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

constexpr std::array byte_units{Unit{"TiB", tib},
                                Unit{"GiB", gib},
                                Unit{"MiB", mib},
                                Unit{"KiB", kib},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"GB", 1'000'000'000},
                                Unit{"MB", 1'000'000},
                                Unit{"kB", 1'000},
                                Unit{"KB", 1'000},
                                Unit{"B", 1},
                                Unit{"T", tib},
                                Unit{"G", gib},
                                Unit{"M", mib},
                                Unit{"K", kib},
                                Unit{"t", tib},
                                Unit{"g", gib},
                                Unit{"m", mib},
                                Unit{"k", kib},
                                Unit{"", 1}};

constexpr std::array duration_units{Unit{"ms", 1},        Unit{"s", 1'000},      Unit{"m", 60'000},
                                    Unit{"h", 3'600'000}, Unit{"d", 86'400'000}, Unit{"", 1'000}};

template <std::size_t N>
std::optional<std::uint64_t> parse_with(std::string_view text, const std::array<Unit, N>& units) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  auto number = parse_number(text.substr(0, digits));
  if (!number) return std::nullopt;
  std::string_view rest = text.substr(digits);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  for (const Unit& unit : units) {
    if (rest != unit.name) continue;
    if (*number > largest / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > largest) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) { return parse_with(text, byte_units); }

std::optional<Milliseconds> parse_duration(std::string_view text) {
  auto value = parse_with(text, duration_units);
  if (!value) return std::nullopt;
  return Milliseconds(static_cast<std::int64_t>(*value));
}

std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array units{Unit{"TiB", tib}, Unit{"GiB", gib}, Unit{"MiB", mib}, Unit{"KiB", kib}};
  for (const Unit& unit : units) {
    if (bytes >= unit.factor)
      return fmt::format("{:.1f} {}", static_cast<double>(bytes) / static_cast<double>(unit.factor), unit.name);
  }
  return fmt::format("{} B", bytes);
}

std::string exact_bytes(std::uint64_t bytes) {
  static constexpr std::array units{Unit{"TiB", tib}, Unit{"GiB", gib}, Unit{"MiB", mib}, Unit{"KiB", kib}};
  for (const Unit& unit : units) {
    if (bytes != 0 && bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
  }
  return fmt::format("{}", bytes);
}

std::string exact_duration(Milliseconds duration) {
  static constexpr std::array units{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000}};
  auto value = static_cast<std::uint64_t>(duration.count());
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return fmt::format("{}{}", value / unit.factor, unit.name);
  }
  return fmt::format("{}ms", value);
}

WallTime wall_now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }

}  // namespace gantry
