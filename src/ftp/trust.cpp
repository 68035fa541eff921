#include "ftp/trust.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "base/descriptor.hpp"
#include "base/replace_file.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry::ftp {
namespace {

constexpr std::size_t largest_file = mib;
constexpr Milliseconds lock_limit = Seconds(10);
constexpr int lock_glance = 50;  // milliseconds

std::unexpected<Failure> broken(const std::string& file) {
  return failed(Why::local, fmt::format("{}: {}", file, std::strerror(errno)));
}

/// Everything in it; empty when it does not exist.
Outcome<std::string> read_all(const std::string& file) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in.good()) return errno == ENOENT ? Outcome<std::string>(std::string()) : broken(file);
  std::string text(largest_file + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(in.number(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return broken(file);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > largest_file) return failed(Why::local, file + ": is larger than 1 MiB; this is no list of servers");
  text.resize(length);
  return text;
}

/// The lock is held for as long as a small file is written; whoever has it longer hangs.
Outcome<void> wait_for(const Descriptor& lock, const std::string& file) {
  const auto end = std::chrono::steady_clock::now() + lock_limit;
  while (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return broken(file);
    if (std::chrono::steady_clock::now() > end)
      return failed(Why::local,
                    fmt::format("{}: another program has held this lock for {}", file, exact_duration(lock_limit)));
    static_cast<void>(::poll(nullptr, 0, lock_glance));
  }
  return {};
}

std::optional<std::string> key_in(std::string_view text, std::string_view server) {
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || !equal_ignoring_case(line.substr(0, blank), server)) continue;
    return std::string(trim(line.substr(blank + 1)));
  }
  return std::nullopt;
}

}  // namespace

Outcome<std::optional<std::string>> KnownHosts::find(std::string_view server) const {
  if (file_.empty()) return std::nullopt;
  const auto text = read_all(file_);
  if (!text) return failed(text.error());
  return key_in(*text, server);
}

Outcome<void> KnownHosts::remember(std::string_view server, std::string_view key) const {
  if (file_.empty()) return failed(Why::tls, "there is no file to remember the server's key in");
  const std::filesystem::path folder = std::filesystem::path(file_).parent_path();
  std::error_code problem;
  if (!folder.empty() && std::filesystem::create_directories(folder, problem))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, problem);

  // Who holds the lock file decides; the list itself is replaced and cannot carry a lock.
  const std::string lock_file = file_ + ".lock";
  const Descriptor lock(::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.good()) return broken(lock_file);
  if (auto mine = wait_for(lock, lock_file); !mine) return mine;
  auto text = read_all(file_);
  if (!text) return failed(text.error());
  if (const auto before = key_in(*text, server)) {
    if (*before == key) return {};
    return failed(Why::tls, fmt::format("another key of {} was remembered meanwhile; see {}", server, file_));
  }
  if (!text->empty() && !text->ends_with('\n')) *text += '\n';
  if (auto done = replace_file(file_, *text + fmt::format("{} {}\n", server, key)); !done)
    return failed(Why::local, done.error().detail);
  return {};
}

}  // namespace gantry::ftp
