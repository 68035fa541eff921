// The bytes of one part, in chunks taken from the byte budget as data arrives, with their checksums running along.
// Must not know: stores, uploads.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "async/leased_memory.hpp"
#include "digest/digest.hpp"
#include "object/store.hpp"

namespace gantry::vfs {

/// What is computed of a part besides its CRC-64. MD5 costs far more than the others.
struct PartSums {
  bool md5 = false;
  bool crc32c = false;
};

class PartBuffer {
 public:
  explicit PartBuffer(PartSums sums = {});

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Holds memory, whether or not data has come.
  [[nodiscard]] bool holds_memory() const { return !chunks_.empty(); }
  /// Where the next bytes go; empty when another chunk is needed first. Valid until filled() or add_chunk().
  [[nodiscard]] MutableBytes room();
  /// A chunk of as many bytes as were leased.
  void add_chunk(async::Lease lease);
  void filled(std::size_t count);
  /// Its memory will be held longer than was said.
  void comes_late() {
    for (Chunk& chunk : chunks_) chunk.memory.comes_late();
  }

  /// Borrowed from this buffer.
  [[nodiscard]] Chunks chunks() const;
  [[nodiscard]] std::uint64_t crc64() const { return crc64_; }
  /// What proves the part: its CRC-64, what was computed of `wanted` and, at once, what was not. An MD5 that was
  /// computed is in it anyway. May be called once, when all data is in.
  [[nodiscard]] object::Integrity integrity(PartSums wanted);

 private:
  struct Chunk {
    async::LeasedMemory memory;
    std::size_t used = 0;
  };
  std::vector<Chunk> chunks_;
  std::uint64_t size_ = 0;
  std::uint64_t crc64_ = 0;
  std::optional<std::uint32_t> crc32c_;
  std::optional<digest::Hasher> md5_;
};

}  // namespace gantry::vfs
