// The fault rules of the fake store: which request is hit, and their text form. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/fake_store.hpp"

namespace gantry::test::fake {

class Faults {
 public:
  void add(FaultRule rule);
  void clear();
  /// The rule that hits this request, and counts it.
  [[nodiscard]] std::optional<FaultRule> match(std::string_view op, std::string_view key);

 private:
  std::mutex mutex_;
  std::vector<FaultRule> rules_;
};

/// Requests a second below one top directory, as COS limits them: a bucket of tokens each. Thread-safe.
class PrefixBudget {
 public:
  explicit PrefixBudget(double rate) : rate_(rate) {}
  /// False when a write, deletion or listing comes too soon. Other operations are free.
  [[nodiscard]] bool take(std::string_view op, std::string_view key);

 private:
  struct Level {
    double tokens = 0;
    std::chrono::steady_clock::time_point filled{};
  };
  double rate_;
  std::mutex mutex_;
  std::map<std::string, Level> levels_;
};

/// Throws std::runtime_error saying what is wrong.
[[nodiscard]] FaultRule parse_fault(std::string_view line);

}  // namespace gantry::test::fake
