#include "ftp/trust.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "base/text.hpp"
#include "base/units.hpp"

namespace gantry::ftp {
namespace {

constexpr std::size_t largest_file = mib;

std::unexpected<Failure> broken(const std::string& file) {
  return failed(Why::local, fmt::format("{}: {}", file, std::strerror(errno)));
}

/// An open file; closed at the end.
class Descriptor {
 public:
  Descriptor(const std::string& file, int flags) : number_(::open(file.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  [[nodiscard]] bool open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

/// Everything in it; empty when it does not exist.
Outcome<std::string> read_all(const std::string& file) {
  const Descriptor in(file, O_RDONLY);
  if (!in.open()) return errno == ENOENT ? Outcome<std::string>(std::string()) : broken(file);
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

std::optional<std::string> key_in(std::string_view text, std::string_view server) {
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos || !equal_ignoring_case(line.substr(0, blank), server)) continue;
    return std::string(trim(line.substr(blank + 1)));
  }
  return std::nullopt;
}

/// Complete or not at all: written beside it, then renamed over it.
Outcome<void> replace(const std::string& file, std::string_view text) {
  const std::string beside = file + ".new";
  ::unlink(beside.c_str());
  {
    const Descriptor out(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (!out.open()) return broken(beside);
    while (!text.empty()) {
      const ssize_t put = ::write(out.number(), text.data(), text.size());
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return broken(beside);
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    if (::fsync(out.number()) != 0) return broken(beside);
  }
  if (std::rename(beside.c_str(), file.c_str()) != 0) return broken(file);
  return {};
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
  const Descriptor lock(lock_file, O_RDWR | O_CREAT);
  if (!lock.open()) return broken(lock_file);
  while (::flock(lock.number(), LOCK_EX) != 0)
    if (errno != EINTR) return broken(lock_file);
  auto text = read_all(file_);
  if (!text) return failed(text.error());
  if (const auto before = key_in(*text, server)) {
    if (*before == key) return {};
    return failed(Why::tls, fmt::format("another key of {} was remembered meanwhile; see {}", server, file_));
  }
  if (!text->empty() && !text->ends_with('\n')) *text += '\n';
  return replace(file_, *text + fmt::format("{} {}\n", server, key));
}

}  // namespace gantry::ftp
