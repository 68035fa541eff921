// Memory of transfers. Taken from the system and given back to it at once: among small allocations it would leave holes
// that nobody uses. Must not know budgets.
#pragma once

#include <cstddef>
#include <memory>

namespace gantry::async {

struct FreeBlock {
  std::size_t mapped = 0;  ///< bytes; 0: it came from the allocator
  void operator()(std::byte* block) const;
};

using Block = std::unique_ptr<std::byte[], FreeBlock>;

/// `size` bytes with no particular content; small ones from the allocator. Throws std::bad_alloc.
[[nodiscard]] Block make_block(std::size_t size);

}  // namespace gantry::async
