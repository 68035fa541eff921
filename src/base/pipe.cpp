#include "base/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>

namespace gantry {
namespace {

std::atomic<int> present{0};

}  // namespace

std::unique_ptr<Pipe> Pipe::make() {
  if (present.fetch_add(1) >= most) {
    present.fetch_sub(1);
    return nullptr;
  }
  std::unique_ptr<Pipe> pipe(new Pipe);
  return pipe->open() ? std::move(pipe) : nullptr;
}

Pipe::~Pipe() { present.fetch_sub(1); }

bool Pipe::open() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return false;
  out_ = Descriptor(ends[0]);
  in_ = Descriptor(ends[1]);
  if (::fcntl(in(), F_SETPIPE_SZ, static_cast<int>(room)) < static_cast<int>(room)) return false;
  // No bytes at all: asks whether the call is allowed here.
  return ::splice(out(), nullptr, in(), nullptr, 0, 0) == 0;
}

}  // namespace gantry
