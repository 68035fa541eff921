// The one place that tries again, and what all lanes know about one bucket: its clock, its region, its keys, how much
// it bears, what it proves.
// Must not know: what is tried.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task.hpp"
#include "object/bucket_gate.hpp"
#include "object/credentials.hpp"
#include "object/error_map.hpp"
#include "object/store.hpp"

namespace gantry::object {

struct RetryOptions {
  unsigned max_tries = 6;
  SteadyClock::duration base_delay = std::chrono::milliseconds(200);
  SteadyClock::duration max_delay = std::chrono::seconds(20);
  /// From the first try: no further one begins later than this. A try that runs is not cut short; the HTTP client
  /// limits how long nothing may happen in it.
  SteadyClock::duration deadline = std::chrono::seconds(120);
};

/// Shared by the stores of all lanes for one bucket and one set of keys. Thread-safe.
class SharedStoreState {
 public:
  /// Stores of the same bucket that differ in their keys share its gate.
  explicit SharedStoreState(std::shared_ptr<BucketGate> gate = std::make_shared<BucketGate>())
      : gate_(std::move(gate)) {}

  /// The store's time as far as we know it.
  [[nodiscard]] WallTime now() const;
  void set_server_time(WallTime server);
  [[nodiscard]] Milliseconds clock_offset() const;

  /// Where the bucket turned out to live; empty: where the configuration says.
  [[nodiscard]] std::string region() const;
  /// False when it was known already.
  bool set_region(const std::string& region);

  [[nodiscard]] ProvesCrc32c proves_crc32c() const { return proves_crc32c_; }
  /// What an answer to a part with a CRC-32C has shown. A single one that says nothing of it counts for good.
  void learn_crc32c(bool proved);

  [[nodiscard]] BucketGate& gate() { return *gate_; }
  [[nodiscard]] LiveCredentials& credentials() { return credentials_; }

 private:
  const std::shared_ptr<BucketGate> gate_;
  LiveCredentials credentials_;
  std::atomic<ProvesCrc32c> proves_crc32c_ = ProvesCrc32c::unknown;
  mutable std::mutex mutex_;
  Milliseconds offset_{0};
  std::string region_;
};

struct RetryContext {
  RetryOptions options;
  std::shared_ptr<SharedStoreState> shared;
  std::string operation;
  /// Sets right what fix_clock, fix_region or fix_credentials complain about; false when it cannot be. Called at most
  /// once for each, for the keys twice: key and token may be replaced one after the other. The failure outlives the
  /// task.
  std::function<Task<bool>(const Failure&)> repair;
};

/// Counts the tries of one call and says what follows a failure.
class RetryPlan {
 public:
  explicit RetryPlan(RetryContext context);
  /// How long to wait before the next try (full jitter, or what Retry-After asks); nothing when the failure is final.
  /// `failure` must outlive the task.
  [[nodiscard]] Task<std::optional<SteadyClock::duration>> next(const Failure& failure);
  /// Waits for a place below the bucket's limit. Errors: throttled (none until the deadline), cancelled.
  [[nodiscard]] Task<Result<void>> enter();
  /// What enter() took; given back at the latest when it goes out of scope.
  class Place {
   public:
    explicit Place(RetryPlan& plan) : shared_(plan.context_.shared) {}
    ~Place() { leave(false); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    void leave(bool success) {
      if (shared_) shared_->gate().leave(success);
      shared_.reset();
    }

   private:
    std::shared_ptr<SharedStoreState> shared_;
  };
  [[nodiscard]] unsigned tries() const { return tries_; }
  [[nodiscard]] const std::string& operation() const { return context_.operation; }

 private:
  [[nodiscard]] Task<bool> allowed(const Failure& failure);
  RetryContext context_;
  SteadyClock::time_point deadline_;
  unsigned tries_ = 0;
  bool damaged_ = false, clock_fixed_ = false, region_fixed_ = false;
  unsigned keys_fixed_ = 0;
};

/// Tries until success or a final failure. Cancelling ends a wait at once with Errc::cancelled.
template <class T>
Task<Result<T>> with_retries(RetryContext context, std::function<Task<Attempt<T>>(unsigned tries_before)> try_once) {
  RetryPlan plan(std::move(context));
  for (;;) {
    auto entered = co_await plan.enter();
    if (!entered) co_return fail(std::move(entered.error()));
    RetryPlan::Place place(plan);
    Attempt<T> outcome = co_await try_once(plan.tries());
    place.leave(outcome.has_value());
    if (outcome) {
      if constexpr (std::is_void_v<T>)
        co_return Result<void>();
      else
        co_return Result<T>(std::move(*outcome));
    }
    auto delay = co_await plan.next(outcome.error());
    if (!delay) co_return fail(std::move(outcome.error().error));
    if (delay->count() > 0 && !co_await async::sleep_for(*delay)) co_return fail(Errc::cancelled, plan.operation());
  }
}

}  // namespace gantry::object
