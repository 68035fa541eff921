#include "async/block.hpp"

#include <sys/mman.h>

#include <array>
#include <mutex>

namespace gantry::async {
namespace {

/// Less is had from the allocator sooner than from the system.
constexpr std::size_t worth_mapping = 32 * kib;
constexpr std::size_t most_small = 64;

/// Small blocks for the next who needs one; of all threads.
class Kept {
 public:
  [[nodiscard]] std::byte* take() {
    const std::lock_guard lock(mutex_);
    if (count_ == 0) return nullptr;
    return blocks_[--count_];
  }
  [[nodiscard]] bool keep(std::byte* block) {
    const std::lock_guard lock(mutex_);
    if (count_ == most_small) return false;
    blocks_[count_++] = block;
    return true;
  }

 private:
  std::mutex mutex_;
  std::array<std::byte*, most_small> blocks_{};
  std::size_t count_ = 0;
};

Kept& kept() {
  static Kept all;
  return all;
}

}  // namespace

void FreeBlock::operator()(std::byte* block) const {
  if (mapped == 0)
    delete[] block;
  else if (mapped != small_block || !kept().keep(block))
    ::munmap(block, mapped);
}

Block make_block(std::size_t size) {
  if (size == small_block)
    if (std::byte* block = kept().take()) return Block(block, FreeBlock{size});
  if (size >= worth_mapping) {
    void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED) return Block(static_cast<std::byte*>(mapped), FreeBlock{size});
    // A process may have so many mappings and no more; the allocator may still have some.
  }
  return Block(new std::byte[size], FreeBlock{});
}

}  // namespace gantry::async
