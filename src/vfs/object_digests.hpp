// Checksums of objects that are known without reading them: computed while an upload passes, kept as metadata of the
// object or in the book, believed only as long as the object is the one they were computed from.
// Must not know: who asks, how uploads run.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "vfs/file_system.hpp"
#include "vfs/object_context.hpp"

namespace gantry::vfs {

/// The checksums of a file while it is uploaded. Those that were asked for see every byte; the CRC-64 is put together
/// from that of the parts, which is computed anyway.
class UploadDigests {
 public:
  explicit UploadDigests(const std::vector<digest::Algorithm>& wanted);
  /// The file begins with bytes that do not pass here; their CRC-64, when it is known. Before anything passes.
  void begins_with(std::optional<std::uint64_t> crc64);
  /// The next bytes of the file.
  void passed(ByteView bytes);
  /// All that passed since the last call, as one part.
  void part(std::uint64_t crc64, std::uint64_t size);
  /// Bytes that do not pass here come next; their CRC-64, when it is known. The part before them is complete.
  void skipped(std::optional<std::uint64_t> crc64, std::uint64_t size);
  /// Of all parts so far, when it is known.
  [[nodiscard]] std::optional<std::uint64_t> crc64() const { return crc64_; }
  /// What is known of the whole file. Once, at its end.
  [[nodiscard]] digest::Digests finish();

 private:
  std::vector<std::pair<digest::Algorithm, digest::Hasher>> hashers_;
  std::optional<std::uint64_t> crc64_ = 0;
};

/// As metadata of the object: a field each, named as in the configuration, hexadecimal.
void write_digests(object::Metadata& metadata, const digest::Digests& digests);
void erase_digests(object::Metadata& metadata);

/// What the object itself says of its bytes: the store's CRC-64, and the fields of write_digests() when they belong to
/// these bytes. Others who overwrite an object may keep its fields, so one of them must agree with the store: the
/// CRC-64, or the MD5 with the ETag. (That an ETag looks like an MD5 proves nothing: encrypted objects have such, too.)
[[nodiscard]] digest::Digests digests_of(const object::ObjectInfo& info);

/// Puts what `info`, the object just stored, does not say itself into the book. Failures are logged, here and below:
/// they cost whoever asks a download.
[[nodiscard]] Task<void> keep_digests(ObjectContextPtr context, object::ObjectInfo info, digest::Digests digests);
/// All that is known: by the object itself, otherwise by the book.
[[nodiscard]] Task<digest::Digests> find_digests(ObjectContextPtr context, object::ObjectInfo info);
/// The CRC-64 among them, as a number.
[[nodiscard]] std::optional<std::uint64_t> crc64_in(const digest::Digests& digests);
[[nodiscard]] Task<void> forget_digests(ObjectContextPtr context, std::string key);
[[nodiscard]] Task<void> move_digests(ObjectContextPtr context, std::vector<DigestBook::Move> moves);

}  // namespace gantry::vfs
