// The process-wide limit on memory in transfer buffers. Thread-safe: all lanes draw from one budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "async/task.hpp"
#include "base/units.hpp"

namespace gantry::async {

class ByteBudget;

/// Bytes taken from a budget, given back by the destructor. Move-only; may be destroyed on any thread.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] const std::shared_ptr<ByteBudget>& budget() const { return budget_; }
  void release();

 private:
  friend class ByteBudget;
  Lease(std::shared_ptr<ByteBudget> budget, std::uint64_t bytes) : budget_(std::move(budget)), bytes_(bytes) {}
  std::shared_ptr<ByteBudget> budget_;
  std::uint64_t bytes_ = 0;
};

/// The io_contexts of those who wait outlive the threads of those who give back.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  [[nodiscard]] static std::shared_ptr<ByteBudget> create(std::uint64_t limit);

  /// At once or not at all.
  [[nodiscard]] Lease try_acquire(std::uint64_t bytes);  // empty lease (bytes() == 0) when full
  /// Waits in order of arrival until `bytes` are free; more than the limit waits until nothing is used. An empty
  /// lease when the caller was cancelled, and for 0 bytes, which need not wait.
  [[nodiscard]] Task<Lease> acquire(std::uint64_t bytes);
  /// Never waits and may exceed the limit: for a transfer that holds nothing yet, so that nobody starves.
  [[nodiscard]] Lease first(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t used() const;
  /// Whoever can do with less takes more only then: it must never be what others wait for.
  [[nodiscard]] bool half_free() const { return used() < limit_ / 2; }

  /// Memory beside the budget: blocks of this size that nobody uses, for the next who needs one (LeasedMemory). At most
  /// an eighth of the limit, and never more than `most_kept`.
  static constexpr std::size_t usual_block = 256 * kib;
  static constexpr std::size_t most_kept = 32 * mib;
  /// Empty when there is none.
  [[nodiscard]] std::unique_ptr<std::byte[]> take_kept();
  void keep(std::unique_ptr<std::byte[]> block);

 private:
  friend class Lease;
  struct Shared;
  struct Place;
  explicit ByteBudget(std::uint64_t limit);
  void give_back(std::uint64_t bytes);

  std::uint64_t limit_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace gantry::async
