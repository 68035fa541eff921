#include "base/replace_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/descriptor.hpp"

namespace gantry {
namespace {

std::unexpected<Error> broken(const std::string& file) {
  const int reason = errno;
  return fail(Errc::unavailable, "replace file", file + ": " + std::strerror(reason));
}

Result<void> write_new(const std::string& file, std::string_view text) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out.good()) return broken(file);
  while (!text.empty()) {
    const ssize_t put = ::write(out.number(), text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return broken(file);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(out.number()) != 0) return broken(file);
  return {};
}

}  // namespace

Result<void> replace_file(const std::string& file, std::string_view text) {
  const std::string beside = file + ".new";
  ::unlink(beside.c_str());
  auto done = write_new(beside, text);
  if (done && std::rename(beside.c_str(), file.c_str()) != 0) done = broken(file);
  if (!done) ::unlink(beside.c_str());
  return done;
}

}  // namespace gantry
