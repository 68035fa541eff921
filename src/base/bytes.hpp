// Views of bytes. Nothing here owns memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gantry {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

/// A body in pieces, in order; what it points to must outlive the call it is given to.
using Chunks = std::vector<ByteView>;

[[nodiscard]] inline ByteView as_byte_view(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  // std::byte and char may alias any object; this is the one place that says so.
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline std::uint64_t total_size(const Chunks& chunks) {
  std::uint64_t sum = 0;
  for (ByteView chunk : chunks) sum += chunk.size();
  return sum;
}

/// Bytes [offset, offset + length) of something; length absent means to the end.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = unbounded;
  static constexpr std::uint64_t unbounded = ~std::uint64_t{0};

  [[nodiscard]] bool whole() const { return offset == 0 && length == unbounded; }
  bool operator==(const ByteRange&) const = default;
};

}  // namespace gantry
