#include "transfer/local_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gantry::transfer {
namespace {

ftp::Failure broken(const std::string& path) {
  return {.why = ftp::Why::local, .text = fmt::format("{}: {}", path, std::strerror(errno))};
}

}  // namespace

ftp::Outcome<LocalFile> LocalFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return ftp::failed(broken(path));
  struct stat about{};
  LocalFile file(descriptor, path, 0);
  if (::fstat(descriptor, &about) != 0) return ftp::failed(broken(path));
  if (!S_ISREG(about.st_mode)) return ftp::failed(ftp::Why::local, path + ": is no regular file");
  file.size_ = static_cast<std::uint64_t>(about.st_size);
  return file;
}

ftp::Outcome<LocalFile> LocalFile::create(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) return ftp::failed(broken(path));
  return LocalFile(descriptor, path, 0);
}

LocalFile::LocalFile(LocalFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)), size_(other.size_) {}

LocalFile& LocalFile::operator=(LocalFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(size_, other.size_);
  return *this;
}

LocalFile::~LocalFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

ftp::Outcome<std::size_t> LocalFile::read(MutableBytes space) {
  for (;;) {
    const ssize_t got = ::read(descriptor_, space.data(), space.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return ftp::failed(broken(path_));
  }
}

ftp::Outcome<void> LocalFile::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return ftp::failed(broken(path_));
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

}  // namespace gantry::transfer
