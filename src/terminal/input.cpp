#include "terminal/input.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace gantry::terminal {
namespace {

constexpr int look_at_stop_ms = 100;

}  // namespace

bool readable(int descriptor, int milliseconds) {
  pollfd input{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&input, 1, milliseconds) > 0;
}

std::optional<std::string> read_line(int descriptor, const std::atomic<bool>& stop) {
  std::string line;
  while (!stop) {
    if (!readable(descriptor, look_at_stop_ms)) continue;
    char byte = 0;
    const ssize_t got = ::read(descriptor, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 && line.empty()) return std::nullopt;
    if (got != 1 || byte == '\n') return line;
    if (line.size() < longest_line) line += byte;
  }
  return std::nullopt;
}

}  // namespace gantry::terminal
