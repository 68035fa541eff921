#include "transfer/local_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace gantry::transfer {
namespace {

constexpr const char* source_attribute = "user.gantry.source";
constexpr std::int64_t ns_of_second = 1'000'000'000;

std::unexpected<ftp::Failure> broken(const std::string& path) {
  const int reason = errno;
  return ftp::failed(ftp::Why::local, fmt::format("{}: {}", escape_control(path), std::strerror(reason)));
}

bool is_full(int reason) { return reason == ENOSPC || reason == EDQUOT || reason == EFBIG; }

}  // namespace

ftp::Outcome<LocalFile> LocalFile::open(const std::string& path) {
  // A pipe without a writer must not stop us here: it is refused in a moment.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return broken(path);
  LocalFile file(descriptor, path);
  if (auto looked = file.look(); !looked) return ftp::failed(looked.error());
  return file;
}

ftp::Outcome<LocalFile> LocalFile::open_locked(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
  if (descriptor < 0 && errno == ELOOP)
    return ftp::failed(ftp::Why::local, escape_control(path) + ": is a symbolic link; it is not written through");
  if (descriptor < 0) return broken(path);
  LocalFile file(descriptor, path);
  struct stat mine{};
  struct stat named{};
  // Whoever had the lock before may have given the file its final name meanwhile.
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0 || ::fstat(descriptor, &mine) != 0 ||
      ::lstat(path.c_str(), &named) != 0 || mine.st_ino != named.st_ino || mine.st_dev != named.st_dev)
    return ftp::failed(ftp::Why::local,
                       escape_control(path) + ": another transfer writes it at this moment; wait for it or stop it");
  if (auto looked = file.look(); !looked) return ftp::failed(looked.error());
  return file;
}

ftp::Outcome<void> LocalFile::look() {
  struct stat about{};
  if (::fstat(descriptor_, &about) != 0) return broken(path_);
  if (!S_ISREG(about.st_mode)) return ftp::failed(ftp::Why::local, escape_control(path_) + ": is no regular file");
  opened_ = *now();
  return {};
}

LocalFile::LocalFile(LocalFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)), opened_(other.opened_) {}

LocalFile& LocalFile::operator=(LocalFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(opened_, other.opened_);
  return *this;
}

LocalFile::~LocalFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ftp::Outcome<FileState> LocalFile::now() const {
  struct stat about{};
  if (::fstat(descriptor_, &about) != 0) return broken(path_);
  return FileState{.size = static_cast<std::uint64_t>(about.st_size),
                   .modified_ns = about.st_mtim.tv_sec * ns_of_second + about.st_mtim.tv_nsec};
}

ftp::Outcome<void> LocalFile::seek(std::uint64_t offset) {
  if (::lseek(descriptor_, static_cast<off_t>(offset), SEEK_SET) < 0) return broken(path_);
  return {};
}

ftp::Outcome<std::size_t> LocalFile::read(MutableBytes space) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, space.data(), space.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return broken(path_);
  }
}

ftp::Outcome<void> LocalFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return broken(path_);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

ftp::Outcome<std::size_t> LocalFile::read_at(std::uint64_t offset, MutableBytes space) const {
  for (;;) {
    const ssize_t got = ::pread(descriptor_, space.data(), space.size(), static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return broken(path_);
  }
}

ftp::Outcome<void> LocalFile::write_at(std::uint64_t offset, ByteView bytes) const {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return broken(path_);
    offset += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

ftp::Outcome<void> LocalFile::cut(std::uint64_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) return broken(path_);
  return {};
}

ftp::Outcome<void> LocalFile::reserve(std::uint64_t size) {
  if (size == 0 || ::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0) return {};
  // Many file systems cannot: then the disk fills up while we write, if it does.
  if (is_full(errno)) return broken(path_);
  return {};
}

ftp::Outcome<void> LocalFile::sync() {
  if (::fdatasync(descriptor_) != 0) return broken(path_);
  return {};
}

timespec timespec_of(WallTime time) {
  const auto whole = std::chrono::floor<Seconds>(time);  // downwards before the epoch, too
  return {.tv_sec = whole.time_since_epoch().count(), .tv_nsec = std::chrono::nanoseconds(time - whole).count()};
}

void LocalFile::set_modified(WallTime time) {
  const std::array<timespec, 2> times{timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, timespec_of(time)};
  static_cast<void>(::futimens(descriptor_, times.data()));
}

std::string LocalFile::source() const {
  std::array<char, 256> value{};
  const ssize_t length = ::fgetxattr(descriptor_, source_attribute, value.data(), value.size());
  return length <= 0 ? std::string() : std::string(value.data(), static_cast<std::size_t>(length));
}

void LocalFile::set_source(const std::string& source) {
  if (source.empty())
    static_cast<void>(::fremovexattr(descriptor_, source_attribute));
  else
    static_cast<void>(::fsetxattr(descriptor_, source_attribute, source.data(), source.size(), 0));
}

ftp::Outcome<void> LocalFile::rename(const std::string& path, bool replace) {
  int done = ::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, path.c_str(), replace ? 0 : RENAME_NOREPLACE);
  // Some file systems do not know that flag; there a name that appears at this very moment may be replaced.
  if (done != 0 && errno == EINVAL && !replace && ::access(path.c_str(), F_OK) != 0)
    done = ::rename(path_.c_str(), path.c_str());
  if (done != 0) return broken(path);
  path_ = path;
  return {};
}

}  // namespace gantry::transfer
