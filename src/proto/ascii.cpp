#include "proto/ascii.hpp"

#include <cstring>
#include <utility>

namespace gantry::proto {
namespace {

constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};

/// Index of the first `byte` in `in` from `from` on, its size when there is none.
std::size_t find(ByteView in, std::byte byte, std::size_t from) {
  if (from >= in.size()) return in.size();
  const void* hit = std::memchr(in.data() + from, std::to_integer<int>(byte), in.size() - from);
  return hit == nullptr ? in.size() : static_cast<std::size_t>(static_cast<const std::byte*>(hit) - in.data());
}

void append(std::vector<std::byte>& out, ByteView bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

}  // namespace

std::size_t ToNetwork::convert(ByteView in, std::vector<std::byte>& out) {
  if (in.empty()) return 0;
  const std::size_t before = out.size();
  std::size_t done = 0;
  for (std::size_t at = find(in, lf, 0); at < in.size(); at = find(in, lf, at + 1)) {
    append(out, in.subspan(done, at - done));
    const bool has_cr = at == 0 ? after_cr_ : in[at - 1] == cr;
    if (!has_cr) out.push_back(cr);
    out.push_back(lf);
    done = at + 1;
  }
  append(out, in.subspan(done));
  after_cr_ = in.back() == cr;
  return out.size() - before;
}

std::size_t ToNetwork::finish(std::vector<std::byte>& /*out*/) {
  after_cr_ = false;
  return 0;
}

std::size_t FromNetwork::convert(ByteView in, std::vector<std::byte>& out) {
  if (in.empty()) return 0;
  const std::size_t before = out.size();
  if (std::exchange(waiting_cr_, false) && in.front() != lf) out.push_back(cr);
  std::size_t done = 0;
  for (std::size_t at = find(in, cr, 0); at < in.size(); at = find(in, cr, at + 1)) {
    const bool last = at + 1 == in.size();
    if (!last && in[at + 1] != lf) continue;
    append(out, in.subspan(done, at - done));
    done = at + 1;
    waiting_cr_ = last;
  }
  append(out, in.subspan(done));
  return out.size() - before;
}

std::size_t FromNetwork::finish(std::vector<std::byte>& out) {
  if (!std::exchange(waiting_cr_, false)) return 0;
  out.push_back(cr);
  return 1;
}

}  // namespace gantry::proto
