// What the fake store was asked for at once: the requests of each operation that run, and the most there were.
// Must not know: sockets, objects. Thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace gantry::test::fake {

class Traffic {
 public:
  struct Count {
    std::size_t running = 0;
    std::size_t most = 0;
  };

  /// A request from its body to the end of its answer.
  class Request {
   public:
    Request(Traffic& traffic, std::string op) : traffic_(traffic), op_(std::move(op)) {
      std::lock_guard lock(traffic_.mutex_);
      Count& count = traffic_.counts_[op_];
      count.most = std::max(count.most, ++count.running);
    }
    ~Request() {
      std::lock_guard lock(traffic_.mutex_);
      --traffic_.counts_[op_].running;
    }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

   private:
    Traffic& traffic_;
    std::string op_;
  };

  [[nodiscard]] std::map<std::string, Count> counts() const {
    std::lock_guard lock(mutex_);
    return counts_;
  }
  /// Forgets the maxima; what runs goes on being counted.
  void restart() {
    std::lock_guard lock(mutex_);
    for (auto& [op, count] : counts_) count.most = count.running;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Count> counts_;
};

}  // namespace gantry::test::fake
