// A file on its way into a bucket: one PUT while it fits below one part, a multipart upload beyond, server-side copies
// for what is kept of the old object. Nothing is visible under the name before commit() has verified it.
// Must not know: listings, FTP.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vfs/background.hpp"
#include "vfs/object_context.hpp"
#include "vfs/part_buffer.hpp"
#include "vfs/part_uploader.hpp"

namespace gantry::vfs {

/// Errors as FileSystem::open_upload says. For create_new and continuations the target is looked at first; for replace
/// the look runs beside the data, and what it finds (is_directory, not_found) comes from prepare() or commit().
[[nodiscard]] Task<Result<std::unique_ptr<Upload>>> open_object_upload(ObjectContextPtr context, Path path,
                                                                       UploadOptions options);

/// Where part `number` (1...) ends: `first` bytes for the first 1000 parts, then doubling, at most `max_part`.
[[nodiscard]] std::uint64_t part_size_of(std::uint64_t number, std::uint64_t first, std::uint64_t max_part);
/// The first part size for `total` bytes in `parts` parts: at least `preferred`, whole MiB when it must be more.
[[nodiscard]] std::uint64_t first_part_size(std::uint64_t total, std::uint64_t parts, std::uint64_t preferred);
/// [0, size) in ranges of at most `step` + `smallest` bytes and at least `smallest` (when size allows).
[[nodiscard]] std::vector<ByteRange> split_for_copy(std::uint64_t size, std::uint64_t step, std::uint64_t smallest);
/// So much is copied by one server-side call of a larger copy: bounded so that no call lasts minutes.
[[nodiscard]] std::uint64_t copy_step(const object::Limits& limits);

}  // namespace gantry::vfs
