// What an upload takes from objects that the store has.
#include <algorithm>

#include "vfs/object_upload.hpp"
#include "vfs/part_plan.hpp"

namespace gantry::vfs {
namespace {

Error differs() { return {Errc::corrupt, "read back", "the bytes read back differ from what the object has", {}}; }

}  // namespace

Task<Result<void>> ObjectUpload::keep_front(Kept kept) {
  position_ = kept.size;
  changed_ = kept.size < kept.source.size;
  put_options_.metadata = kept.source.metadata;
  put_options_.metadata.erase("mtime");
  erase_digests(put_options_.metadata);
  if (!kept.source.content_type.empty()) put_options_.content_type = kept.source.content_type;
  kept_ = std::move(kept);
  const auto& limits = context_->store->limits();
  if (position_ > max_size_) co_return fail(Errc::too_large, "upload", path_.text());
  std::optional<std::uint64_t> known;  // CRC-64 of what is kept
  if (!changed_) known = crc64_in(co_await find_digests(context_, kept_.source));
  if (kept_.size >= std::max(limits.min_part, std::uint64_t{first_chunk_bytes})) {
    parts_pending_ = true;
    running_.begins_with(known);
    co_return Result<void>();
  }
  // Too small to be a part of its own: it goes in front of what comes.
  auto crc = co_await read_in(kept_.source, kept_.size);
  if (!crc) co_return fail(std::move(crc.error()));
  // What is read back becomes part of a file that is said to be whole.
  if (known && *known != *crc) co_return fail(differs());
  co_return Result<void>();
}

/// The first `bytes` of `source` become the next ones of the part; their CRC-64.
Task<Result<std::uint64_t>> ObjectUpload::read_in(object::ObjectInfo source, std::uint64_t bytes) {
  auto body = co_await context_->store->get(source.key, {{0, bytes}, source.etag});
  if (!body) co_return fail(std::move(body.error()));
  std::uint64_t crc = 0;
  while (bytes > 0) {
    if (auto room = co_await make_room(); !room) co_return fail(std::move(room.error()));
    MutableBytes room = part_.room();
    room = room.first(static_cast<std::size_t>(
        std::min<std::uint64_t>({room.size(), bytes, std::max<std::uint64_t>(part_target() - part_.size(), 1)})));
    auto count = co_await (*body)->read(room);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return fail(Errc::conflict, "read back", "the object ended early");
    crc = digest::crc64(room.first(*count), crc);
    take_in(*count);
    bytes -= *count;
  }
  co_return crc;
}

/// The CRC-64 of the first `bytes` of `source`.
Task<Result<std::uint64_t>> ObjectUpload::read_over(object::ObjectInfo source, std::uint64_t bytes) {
  auto body = co_await context_->store->get(source.key, {{0, bytes}, source.etag});
  if (!body) co_return fail(std::move(body.error()));
  std::vector<std::byte> buffer(first_chunk_bytes);
  std::uint64_t crc = 0;
  for (;;) {
    auto count = co_await (*body)->read(buffer);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return crc;
    crc = digest::crc64(MutableBytes(buffer).first(*count), crc);
  }
}

/// Bytes from the begin of `size` more that must go through here, because the store takes no such part.
std::uint64_t ObjectUpload::too_small_to_copy(std::uint64_t size, Follows follows) const {
  const std::uint64_t smallest = std::max<std::uint64_t>(context_->store->limits().min_part, 1);
  const std::uint64_t begun = part_.size();
  const std::uint64_t fill = begun == 0 ? 0 : std::min(size, smallest - std::min(smallest, begun));
  const std::uint64_t rest = size - fill;
  return rest < smallest && follows == Follows::more ? size : fill;
}

Task<Result<void>> ObjectUpload::take(object::ObjectInfo source, Follows follows) {
  if (source.size > max_size_ - position_) co_return fail(Errc::too_large, "upload", path_.text());
  position_ += source.size;
  changed_ = true;
  borrowed_ = true;
  if (source.size == 0) co_return Result<void>();
  const auto whole = crc64_in(co_await find_digests(context_, source));
  const std::uint64_t through = too_small_to_copy(source.size, follows);
  const std::uint64_t rest = source.size - through;
  std::uint64_t front = 0;
  if (through > 0) {
    // The source will be removed: bytes that nothing else proves are read twice.
    Result<std::uint64_t> proof = whole.value_or(0);
    if (!whole || rest > 0) proof = co_await read_over(source, through);
    if (!proof) co_return fail(std::move(proof.error()));
    auto crc = co_await read_in(source, through);
    if (!crc) co_return fail(std::move(crc.error()));
    if (*crc != *proof) co_return fail(differs());
    front = *crc;
  }
  if (rest == 0) co_return Result<void>();
  if (part_.size() > 0) {
    if (auto sent = co_await hand_over(); !sent) co_return fail(std::move(sent.error()));
  }
  // What remains of the checksum when the front's is taken out: combining is an exclusive or.
  running_.skipped(whole ? std::optional(*whole ^ digest::crc64_combine(front, 0, rest)) : std::nullopt, rest);
  if (auto ready = co_await ensure_uploader(); !ready) co_return fail(std::move(ready.error()));
  co_return co_await copy_range(std::move(source), {through, rest});
}

/// By the store, in as many parts as it takes.
Task<Result<void>> ObjectUpload::copy_range(object::ObjectInfo source, ByteRange whole) {
  const auto& limits = context_->store->limits();
  for (ByteRange range : split_for_copy(whole.length, copy_step(limits), limits.min_part)) {
    range.offset += whole.offset;
    auto handed = co_await uploader_->copy(source.key, range, source.etag);
    if (!handed) co_return fail(std::move(handed.error()));
  }
  co_return Result<void>();
}

Task<Result<void>> ObjectUpload::prove() {
  if (!uploader_) co_return healthy();
  if (part_.size() > 0) {
    if (auto sent = co_await hand_over(); !sent) co_return fail(std::move(sent.error()));
  }
  co_return co_await uploader_->prove(running_.crc64());
}

}  // namespace gantry::vfs
