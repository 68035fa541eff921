#include "proto/ascii.hpp"

namespace gantry::proto {
namespace {

constexpr std::byte cr{'\r'};
constexpr std::byte lf{'\n'};

}  // namespace

void ToNetwork::convert(ByteView in, std::vector<std::byte>& out) {
  out.reserve(out.size() + in.size() + in.size() / 16);
  for (std::byte b : in) {
    if (b == lf && !after_cr_) out.push_back(cr);
    out.push_back(b);
    after_cr_ = b == cr;
  }
}

void FromNetwork::convert(ByteView in, std::vector<std::byte>& out) {
  out.reserve(out.size() + in.size() + 1);
  for (std::byte b : in) {
    if (pending_cr_ && b != lf) out.push_back(cr);
    pending_cr_ = b == cr;
    if (!pending_cr_) out.push_back(b);
  }
}

void FromNetwork::finish(std::vector<std::byte>& out) {
  if (pending_cr_) out.push_back(cr);
  pending_cr_ = false;
}

}  // namespace gantry::proto
