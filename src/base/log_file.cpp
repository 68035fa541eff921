#include "base/log_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/log_file_names.hpp"

namespace gantry::log {
namespace {

/// What waits for a full disk: some ten thousand lines, and little beside the transfer buffers.
constexpr std::size_t max_pending = 1024 * 1024;
/// Between two tries to put a file aside, and between two complaints.
constexpr auto patience = std::chrono::minutes(1);

Error system_problem(std::string operation, int error) {
  return {Errc::unavailable, std::move(operation), std::generic_category().message(error), {}};
}

/// `until` was set at most `patience` ahead; further off, the clock has gone back meanwhile.
bool too_early(LogFile::Time now, LogFile::Time until) { return now < until && until - now <= patience; }

LogFile::Time changed(const struct stat& file) { return LogFile::Time(std::chrono::seconds(file.st_mtim.tv_sec)); }

}  // namespace

Result<std::shared_ptr<LogFile>> LogFile::open(std::string path, const Rules& rules, Time now) {
  std::shared_ptr<LogFile> file(new LogFile(std::move(path)));
  auto opened = file->reopen(rules, now);
  if (!opened) return fail(std::move(opened.error()));
  return file;
}

LogFile::~LogFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> LogFile::reopen(const Rules& rules, Time now) {
  std::lock_guard lock(mutex_);
  auto before = std::exchange(rules_, rules);
  auto opened = open_file(now);
  if (!opened) {
    rules_ = before;
    return opened;
  }
  next_rotation_ = {};
  next_complaint_ = {};
  rotation_failing_ = false;
  failing_ = false;
  settle(drain(now), now);
  return {};
}

Result<void> LogFile::open_file(Time now) {
  std::filesystem::path directory = std::filesystem::path(path_).parent_path();
  std::error_code error;
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  if (error) return fail(Errc::unavailable, "create directory " + directory.string(), error.message());
  int next = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (next < 0) return fail(system_problem("open " + path_, errno));
  struct stat file{};
  bool known = ::fstat(next, &file) == 0;
  // A file of a time yet to come would wait for it: the clock was wrong then, or is now.
  period_ = period_start(rules_.rotation, known && file.st_size > 0 ? std::min(changed(file), now) : now);
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = next;
  torn_ = false;
  return {};
}

void LogFile::write(std::string_view line, Time now) {
  std::lock_guard lock(mutex_);
  Result<void> written;
  if (!pending_.empty()) written = drain(now);
  if (pending_.size() + line.size() > max_pending && !pending_.empty()) {
    ++lost_;
  } else {
    pending_ += line;
    written = drain(now);
  }
  settle(written, now);
}

void LogFile::settle(const Result<void>& written, Time now) {
  if (written) {
    failing_ = false;
  } else if (!failing_ && !too_early(now, next_complaint_)) {
    failing_ = true;
    complain(written.error(), "lines wait in memory, up to 1 MiB of them", now);
  }
}

/// Writes what is pending. A file without a name (somebody removed it or its directory) would swallow lines for ever.
Result<void> LogFile::drain(Time now) {
  struct stat file{};
  if (::fstat(descriptor_, &file) != 0) return fail(system_problem("fstat " + path_, errno));
  if (file.st_nlink == 0) {
    auto opened = open_file(now);
    if (!opened) return opened;
  } else {
    rotate_if_due(static_cast<std::uint64_t>(file.st_size), now);
  }
  while (!pending_.empty()) {
    auto written = ::write(descriptor_, pending_.data(), pending_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(system_problem("write " + path_, errno));
    if (written == 0) return fail(system_problem("write " + path_, ENOSPC));
    auto count = static_cast<std::size_t>(written);
    torn_ = pending_[count - 1] != '\n';
    pending_.erase(0, count);
  }
  return {};
}

void LogFile::rotate_if_due(std::uint64_t size, Time now) {
  bool by_size = rules_.rotation == Rotation::size && size + pending_.size() > rules_.rotate_bytes;
  bool by_time = rules_.rotation != Rotation::size && rules_.rotation != Rotation::never &&
                 period_start(rules_.rotation, now) > period_;
  if (!by_size && !by_time) return;
  if (size == 0) {
    period_ = period_start(rules_.rotation, now);
    return;
  }
  if (torn_ || too_early(now, next_rotation_)) return;
  auto done = put_aside(now);
  next_rotation_ = done ? Time{} : now + patience;
  if (!done && !rotation_failing_) complain(done.error(), "the file is not put aside and grows", now);
  rotation_failing_ = !done;
}

/// The open file is closed only once its successor is open: until then lines go where they went.
Result<void> LogFile::put_aside(Time now) {
  std::string aside;
  if (rules_.rotation == Rotation::size) {
    auto shifted = shift_numbered(path_, rules_.keep_files);
    if (!shifted) return shifted;
    aside = numbered_name(path_, 1);
  } else {
    aside = free_timed_name(path_, rules_.rotation, period_);
  }
  // Without a name somebody else has moved the file: a new one is all that is missing.
  bool moved = ::rename(path_.c_str(), aside.c_str()) == 0;
  if (!moved && errno != ENOENT) return fail(system_problem("rename " + path_, errno));
  auto opened = open_file(now);
  if (!opened) {
    if (moved) ::rename(aside.c_str(), path_.c_str());
    return opened;
  }
  prune(path_, rules_.keep_files);
  return {};
}

void LogFile::complain(const Error& problem, std::string_view consequence, Time now) {
  next_complaint_ = now + patience;
  std::string line = fmt::format("gantryd: log: {}; {}\n", problem.text(), consequence);
  // Standard error is the last resort: nobody is left to tell when it fails.
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

std::uint64_t LogFile::take_lost() {
  std::lock_guard lock(mutex_);
  return pending_.empty() ? std::exchange(lost_, 0) : 0;
}

}  // namespace gantry::log
