// What lanes share about the buckets: one state for each store, one gate for each bucket.
// Must not know: lanes, where configurations come from.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "config/config.hpp"
#include "object/retry.hpp"

namespace gantry::server {

/// Thread-safe.
class StoreStates {
 public:
  /// The state of a bucket store: the same one whenever name, bucket and place are. A new one begins with the keys of
  /// `store`; one that exists keeps its own.
  [[nodiscard]] std::shared_ptr<object::SharedStoreState> of(const config::Store& store);

  /// Gives the stores that exist the keys `config` has for them, and nothing else of it. Logs whose keys were replaced.
  void renew_credentials(const config::Config& config);

  /// What a store calls, on any lane, when its keys are refused; must return at once. Empty: nothing.
  void set_credentials_source(std::function<void()> ask);
  /// The answer to it: the look is over, whatever was found.
  void looked_for_credentials();

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<object::BucketGate>> gates_;         // by bucket and place
  std::map<std::string, std::shared_ptr<object::SharedStoreState>> states_;  // by name, bucket and place
  std::function<void()> ask_;
};

}  // namespace gantry::server
