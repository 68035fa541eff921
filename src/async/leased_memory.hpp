// The memory that a lease allows. Blocks of the usual size are kept for the next who needs one, a bounded number for
// each budget: memory that goes back to the system costs a page fault for every 4 KiB when it is asked for again. Must
// not know what is put into it.
#pragma once

#include <cstddef>

#include "async/byte_budget.hpp"
#include "base/bytes.hpp"

namespace gantry::async {

/// Move-only; may be destroyed on any thread. The memory is not cleared.
class LeasedMemory {
 public:
  LeasedMemory() = default;
  /// As many bytes as were leased.
  explicit LeasedMemory(Lease lease);
  LeasedMemory(LeasedMemory&& other) noexcept = default;
  LeasedMemory& operator=(LeasedMemory&& other) noexcept;
  ~LeasedMemory();

  [[nodiscard]] MutableBytes bytes() const { return {block_.get(), static_cast<std::size_t>(lease_.bytes())}; }

  void comes_late() { lease_.comes_late(); }

 private:
  void give_back();
  Lease lease_;
  Block block_;
};

}  // namespace gantry::async
