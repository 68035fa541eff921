#include "vfs/part_plan.hpp"

#include <algorithm>

namespace gantry::vfs {
namespace {

constexpr std::uint64_t copied_at_once = 1 * gib;

}  // namespace

std::uint64_t part_size_of(std::uint64_t number, std::uint64_t first, std::uint64_t max_part) {
  const std::uint64_t doublings = std::min<std::uint64_t>((number - 1) / 1000, 20);
  return std::min(first << doublings, max_part);
}

std::uint64_t part_size_for(std::uint64_t left, std::uint64_t parts, std::uint64_t preferred) {
  const std::uint64_t needed = left / parts + (left % parts == 0 ? 0 : 1);
  if (needed <= preferred) return preferred;
  return (needed + mib - 1) / mib * mib;
}

std::vector<ByteRange> split_for_copy(std::uint64_t size, std::uint64_t step, std::uint64_t smallest) {
  std::vector<ByteRange> ranges;
  std::uint64_t at = 0;
  while (size - at >= step + smallest) {
    ranges.push_back({at, step});
    at += step;
  }
  if (at < size) ranges.push_back({at, size - at});
  return ranges;
}

std::uint64_t copy_step(const object::Limits& limits) {
  const std::uint64_t most = std::min(limits.max_put, limits.max_part);
  const std::uint64_t room = most > limits.min_part ? most - limits.min_part : most;
  return std::max<std::uint64_t>(1, std::min(copied_at_once, room));
}

}  // namespace gantry::vfs
