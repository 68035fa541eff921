// One log file that is put aside by size or by time: the live file keeps its name, a restart appends to it.
// Must not know: what a line means, spdlog.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"

namespace gantry::log {

/// By size, "gantryd.log" becomes gantryd.1.log, the one before gantryd.2.log and so on. By time it becomes
/// gantryd.log.2026-11-21 (with _HH, _HH-MM or _HH-MM-SS for shorter periods): the period its lines were written in.
/// Thread-safe. What cannot be written is said once on standard error and kept, up to a bound, until it can be.
class LogFile {
 public:
  using Time = std::chrono::system_clock::time_point;

  struct Rules {
    Rotation rotation = Rotation::size;
    std::uint64_t rotate_bytes = 64 * 1024 * 1024;  ///< for Rotation::size
    std::uint32_t keep_files = 10;                  ///< put aside, of either kind; 0: all
  };

  /// Opens or creates path and its directory. Errc::unavailable when that fails.
  [[nodiscard]] static Result<std::shared_ptr<LogFile>> open(std::string path, const Rules& rules, Time now);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// Opens the file by its name again (somebody moved it away) and goes on under new rules. On failure, with
  /// Errc::unavailable, nothing changes.
  [[nodiscard]] Result<void> reopen(const Rules& rules, Time now);

  /// Appends a line that ends in '\n'; puts the file aside before, when that is due at `now`.
  void write(std::string_view line, Time now);

  /// How many lines were dropped since the last call; 0 while writing still fails.
  [[nodiscard]] std::uint64_t take_lost();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit LogFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Result<void> open_file(Time now);
  [[nodiscard]] Result<void> drain(Time now);
  [[nodiscard]] Result<void> put_aside(Time now);
  void settle(const Result<void>& written, Time now);
  void rotate_if_due(std::uint64_t size, Time now);
  void complain(const Error& problem, std::string_view consequence, Time now);

  const std::string path_;
  std::mutex mutex_;
  Rules rules_;
  int descriptor_ = -1;
  Time period_{};        ///< the start of the period the live file belongs to
  std::string pending_;  ///< not written yet
  bool torn_ = false;    ///< the file ends in the middle of a line, whose rest opens pending_
  std::uint64_t lost_ = 0;
  bool failing_ = false;           ///< the last write failed and was complained about
  bool rotation_failing_ = false;  ///< the same of putting aside
  Time next_complaint_{};
  Time next_rotation_{};  ///< after a failed one
};

}  // namespace gantry::log
