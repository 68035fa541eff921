// The process-wide limit on memory in transfer buffers. Thread-safe: all lanes draw from one budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "async/block.hpp"
#include "async/task.hpp"
#include "base/units.hpp"

namespace gantry::async {

class ByteBudget;

/// Whether bytes will soon be given back. Those that take long may hold three quarters of a budget; the last quarter
/// turns over quickly, however many wait.
enum class Return : std::uint8_t { soon, late };

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
  /// At most so many of its bytes, as a lease of their own.
  [[nodiscard]] Lease split(std::uint64_t bytes);
  /// It will take longer than was said.
  void comes_late();

 private:
  friend class ByteBudget;
  Lease(std::shared_ptr<ByteBudget> budget, std::uint64_t bytes, Return when)
      : budget_(std::move(budget)), bytes_(bytes), return_(when) {}
  std::shared_ptr<ByteBudget> budget_;
  std::uint64_t bytes_ = 0;
  Return return_ = Return::soon;
};

/// The io_contexts of those who wait outlive the threads of those who give back.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  [[nodiscard]] static std::shared_ptr<ByteBudget> create(std::uint64_t limit);

  /// At once or not at all.
  [[nodiscard]] Lease try_acquire(std::uint64_t bytes, Return when = Return::soon);  // empty (bytes() == 0) when full
  /// Waits until `bytes` are free, in order of arrival among those who say the same of their return: while both kinds
  /// wait, those who return late get what is free of their three quarters, the others of the last quarter. More than
  /// the limit waits until nothing is used. An empty lease when the caller was cancelled, and for 0 bytes, which need
  /// not wait.
  [[nodiscard]] Task<Lease> acquire(std::uint64_t bytes, Return when = Return::soon);
  /// Never waits and may exceed the limit: for a transfer that holds nothing yet, so that nobody starves. Counted as
  /// returned late.
  [[nodiscard]] Lease first(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t used() const;
  /// How often bytes of this kind were given back: while it grows, those who wait get on.
  [[nodiscard]] std::uint64_t times_returned(Return when) const;
  /// Whoever can do with less takes more only then: it must never be what others wait for.
  [[nodiscard]] bool half_free() const { return used() < limit_ / 2; }
  /// So much is free that nobody has to think of others yet.
  [[nodiscard]] bool plenty() const { return used() < limit_ / 4; }

  /// Memory beside the budget: blocks of this size that nobody uses, for the next who needs one (LeasedMemory). At most
  /// an eighth of the limit, never more than `most_kept`, and with what is used no more than the limit.
  static constexpr std::size_t usual_block = 256 * kib;
  static constexpr std::size_t most_kept = 32 * mib;
  /// Empty when there is none.
  [[nodiscard]] Block take_kept();
  void keep(Block block);

 private:
  friend class Lease;
  struct Shared;
  struct Place;
  explicit ByteBudget(std::uint64_t limit);
  void give_back(std::uint64_t bytes, Return when);
  void comes_late(std::uint64_t bytes);
  void serve();

  std::uint64_t limit_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace gantry::async
