// How log files that were put aside are called, and which of them must go.
// Must not know: open files, what is in them.
#pragma once

#include <cstdint>
#include <string>

#include "base/log_file.hpp"

namespace gantry::log {

/// The start of the period that `now` lies in; `now` itself for rotations that are not by time.
[[nodiscard]] LogFile::Time period_start(Rotation rotation, LogFile::Time now);

/// "dir/gantryd.log" and 3: "dir/gantryd.3.log"; "dir/xferlog" and 3: "dir/xferlog.3".
[[nodiscard]] std::string numbered_name(const std::string& path, std::uint64_t number);

/// "dir/gantryd.log.2026-11-21_10" for an hour, with ".1", ".2" ... behind it while the name is taken.
[[nodiscard]] std::string free_timed_name(const std::string& path, Rotation rotation, LogFile::Time period);

/// Makes numbered_name(path, 1) free: moves the numbered files up by one, over the one numbered `keep` (0: none).
[[nodiscard]] Result<void> shift_numbered(const std::string& path, std::uint32_t keep);

/// Removes the numbered files beyond `keep` and the oldest timed ones, so that `keep` of each kind stay. Files of
/// other names, such as those compressed since, are left alone. Failures are not reported: the next call tries again.
void prune(const std::string& path, std::uint32_t keep);

}  // namespace gantry::log
