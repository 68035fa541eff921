// A map of bounded size that forgets what was not touched for longest. Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>

namespace gantry::limits {

template <class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t most) : most_(most) {}

  /// The value of the key, made when there is none; forgets another one then, if need be.
  [[nodiscard]] Value& touch(const std::string& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
    } else {
      entries_.emplace_front(key, Value{});
      index_.emplace(key, entries_.begin());
      if (entries_.size() > most_) {
        index_.erase(entries_.back().first);
        entries_.pop_back();
      }
    }
    return entries_.front().second;
  }

  /// Null when there is none. Does not count as touching.
  [[nodiscard]] Value* find(const std::string& key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }

  void erase(const std::string& key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    entries_.erase(found->second);
    index_.erase(found);
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;  // most recent first
  std::size_t most_;
  Entries entries_;
  std::map<std::string, typename Entries::iterator> index_;
};

}  // namespace gantry::limits
