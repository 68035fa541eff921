// How large parts are, so that any object fits the number of parts a store takes. Arithmetic only.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "object/store.hpp"

namespace gantry::vfs {

/// How large part `number` (1...) is: `first` bytes for the first 1000 parts, then doubling, at most `max_part`.
[[nodiscard]] std::uint64_t part_size_of(std::uint64_t number, std::uint64_t first, std::uint64_t max_part);
/// How large parts must be for `left` bytes in `parts` parts: at least `preferred`, whole MiB when it must be more.
[[nodiscard]] std::uint64_t part_size_for(std::uint64_t left, std::uint64_t parts, std::uint64_t preferred);
/// [0, size) in ranges of at most `step` + `smallest` bytes and at least `smallest` (when size allows).
[[nodiscard]] std::vector<ByteRange> split_for_copy(std::uint64_t size, std::uint64_t step, std::uint64_t smallest);
/// So much is copied by one server-side call of a larger copy: bounded so that no call lasts minutes.
[[nodiscard]] std::uint64_t copy_step(const object::Limits& limits);

}  // namespace gantry::vfs
