// The keys that requests to one store are signed with, as long as they live: temporary ones are replaced while
// transfers run.
// Must not know: where newer keys come from, signatures.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "async/task.hpp"
#include "base/secret.hpp"

namespace gantry::object {

struct Credentials {
  std::string access_key;
  Secret secret_key;
  Secret session_token;
  bool operator==(const Credentials&) const = default;
};

/// Shared by the stores of all lanes. Thread-safe.
class LiveCredentials {
 public:
  /// Newer keys are asked for at most this often while none are found, however many requests are refused.
  static constexpr auto ask_pause = std::chrono::seconds(2);

  struct Current {
    std::shared_ptr<const Credentials> keys;
    std::uint64_t version = 0;  ///< grows with every replacement
  };
  [[nodiscard]] Current current() const;

  /// The keys to begin with; changes nothing when there are some already.
  void start_with(Credentials keys);
  /// False when these are the keys in use.
  bool replace(Credentials keys);

  /// `ask` begins to look for newer keys elsewhere and returns at once; whoever looked calls looked(), found or not.
  /// Empty: nobody looks.
  void set_source(std::function<void()> ask);
  /// Asks, unless that was done a moment ago. Then looking() tells how long to wait.
  void ask_for_newer();
  void looked();
  [[nodiscard]] bool looking() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Credentials> keys_ = std::make_shared<const Credentials>();
  std::uint64_t version_ = 0;
  std::function<void()> ask_;
  SteadyClock::time_point last_asked_{};
  bool looking_ = false;
};

}  // namespace gantry::object
