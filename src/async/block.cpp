#include "async/block.hpp"

#include <sys/mman.h>

#include "base/units.hpp"

namespace gantry::async {
namespace {

/// Less is had from the allocator sooner than from the system.
constexpr std::size_t worth_mapping = 128 * kib;

}  // namespace

void FreeBlock::operator()(std::byte* block) const {
  if (mapped > 0)
    ::munmap(block, mapped);
  else
    delete[] block;
}

Block make_block(std::size_t size) {
  if (size >= worth_mapping) {
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED) return Block(static_cast<std::byte*>(mapped), FreeBlock{size});
    // A process may have so many mappings and no more; the allocator may still have some.
  }
  return Block(new std::byte[size], FreeBlock{});
}

}  // namespace gantry::async
