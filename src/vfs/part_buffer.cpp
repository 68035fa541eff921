#include "vfs/part_buffer.hpp"

#include <utility>

namespace gantry::vfs {

PartBuffer::PartBuffer(bool with_md5) {
  if (with_md5) md5_.emplace(digest::Algorithm::md5);
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

object::Integrity PartBuffer::integrity() {
  object::Integrity proof;
  proof.crc64 = crc64_;
  if (md5_) proof.md5 = md5_->finish();
  md5_.reset();
  return proof;
}

}  // namespace gantry::vfs
