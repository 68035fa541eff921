// Memory of transfers. Taken from the system and given back to it at once: among small allocations it would leave holes
// that nobody uses. Must not know budgets.
#pragma once

#include <cstddef>
#include <memory>

#include "base/units.hpp"

namespace gantry::async {

struct FreeBlock {
  std::size_t mapped = 0;  ///< bytes; 0: it came from the allocator
  void operator()(std::byte* block) const;
};

using Block = std::unique_ptr<std::byte[], FreeBlock>;

/// What a file begins with. Some of this size are kept for the next who needs one: to map and unmap it for each small
/// file would make all threads wait for each other.
inline constexpr std::size_t small_block = 64 * kib;

/// `size` bytes with no particular content; less than 32 KiB from the allocator. Throws std::bad_alloc. On any thread.
[[nodiscard]] Block make_block(std::size_t size);

}  // namespace gantry::async
