#include "async/leased_memory.hpp"

#include <utility>

namespace gantry::async {

LeasedMemory::LeasedMemory(Lease lease) : lease_(std::move(lease)) {
  const auto size = static_cast<std::size_t>(lease_.bytes());
  if (size == ByteBudget::usual_block) block_ = lease_.budget()->take_kept();
  if (!block_) block_ = make_block(size);
}

LeasedMemory& LeasedMemory::operator=(LeasedMemory&& other) noexcept {
  if (this != &other) {
    give_back();
    lease_ = std::move(other.lease_);
    block_ = std::move(other.block_);
  }
  return *this;
}

LeasedMemory::~LeasedMemory() { give_back(); }

void LeasedMemory::give_back() {
  // The block first: whoever gets the bytes next shall find it.
  if (block_ && lease_.bytes() == ByteBudget::usual_block) lease_.budget()->keep(std::move(block_));
  block_.reset();
  lease_.release();
}

}  // namespace gantry::async
