#include "vfs/part_buffer.hpp"

#include <utility>

#include "object/encoding.hpp"

namespace gantry::vfs {

PartBuffer::PartBuffer(PartSums sums) {
  if (sums.md5) md5_.emplace(digest::Algorithm::md5);
  if (sums.crc32c) crc32c_ = 0;
}

MutableBytes PartBuffer::room() {
  if (chunks_.empty()) return {};
  const Chunk& last = chunks_.back();
  return last.memory.bytes().subspan(last.used);
}

void PartBuffer::add_chunk(async::Lease lease) { chunks_.push_back({async::LeasedMemory(std::move(lease)), 0}); }

void PartBuffer::filled(std::size_t count) {
  ByteView fresh = room().first(count);
  crc64_ = digest::crc64(fresh, crc64_);
  if (crc32c_) crc32c_ = digest::crc32c(fresh, *crc32c_);
  if (md5_) md5_->update(fresh);
  chunks_.back().used += count;
  size_ += count;
}

Chunks PartBuffer::chunks() const {
  Chunks views;
  views.reserve(chunks_.size());
  for (const Chunk& chunk : chunks_)
    if (chunk.used > 0) views.emplace_back(chunk.memory.bytes().first(chunk.used));
  return views;
}

object::Integrity PartBuffer::integrity(PartSums wanted) {
  object::Integrity proof;
  proof.crc64 = crc64_;
  if (md5_) {
    proof.md5 = md5_->finish();
  } else if (wanted.md5) {
    proof.md5 = object::md5_of(chunks());
  }
  md5_.reset();
  if (!wanted.crc32c) return proof;
  if (!crc32c_) {
    crc32c_ = 0;
    for (ByteView chunk : chunks()) crc32c_ = digest::crc32c(chunk, *crc32c_);
  }
  proof.crc32c = crc32c_;
  return proof;
}

}  // namespace gantry::vfs
