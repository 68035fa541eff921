// Quantities as people write them: "10GiB", "300KiB/s", "5m", "25%".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gantry {

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;
inline constexpr std::uint64_t tib = 1024 * gib;

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
/// Wall-clock time of files and log lines, UTC.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Bytes from "4096", "64KiB", "10 MB" (kB, MB, GB, TB are powers of 1000; KiB, MiB, GiB, TiB and the
/// bare letters k, m, g, t powers of 1024). Nothing on bad syntax or overflow of 63 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

/// "250ms", "30s", "5m", "24h", "7d"; a bare number means seconds. Nothing on bad syntax or overflow.
[[nodiscard]] std::optional<Milliseconds> parse_duration(std::string_view text);

/// A decimal number without sign, blanks or leading '+'; nothing when it does not fit 63 bits.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

/// "1.5 GiB": for people, one decimal.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

/// The shortest exact form parse_bytes() reads back: "8MiB", "1000".
[[nodiscard]] std::string exact_bytes(std::uint64_t bytes);

/// The shortest exact form parse_duration() reads back: "5m", "1500ms".
[[nodiscard]] std::string exact_duration(Milliseconds duration);

[[nodiscard]] WallTime wall_now();

}  // namespace gantry
