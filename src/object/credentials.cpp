#include "object/credentials.hpp"

#include <utility>

namespace gantry::object {

LiveCredentials::Current LiveCredentials::current() const {
  std::lock_guard lock(mutex_);
  return {keys_, version_};
}

void LiveCredentials::start_with(Credentials keys) {
  std::lock_guard lock(mutex_);
  if (version_ > 0) return;
  keys_ = std::make_shared<const Credentials>(std::move(keys));
  version_ = 1;
}

bool LiveCredentials::replace(Credentials keys) {
  std::lock_guard lock(mutex_);
  if (version_ > 0 && *keys_ == keys) return false;
  keys_ = std::make_shared<const Credentials>(std::move(keys));
  ++version_;
  // Keys and token may stand in files that are replaced one after the other: the next refusal may ask at once.
  last_asked_ = {};
  return true;
}

void LiveCredentials::set_source(std::function<void()> ask) {
  std::lock_guard lock(mutex_);
  ask_ = std::move(ask);
  looking_ = false;
}

void LiveCredentials::ask_for_newer() {
  std::function<void()> ask;
  {
    std::lock_guard lock(mutex_);
    const auto now = SteadyClock::now();
    if (!ask_ || (last_asked_ != SteadyClock::time_point{} && now - last_asked_ < ask_pause)) return;
    last_asked_ = now;
    looking_ = true;
    ask = ask_;
  }
  ask();
}

void LiveCredentials::looked() {
  std::lock_guard lock(mutex_);
  looking_ = false;
}

bool LiveCredentials::looking() const {
  std::lock_guard lock(mutex_);
  return looking_;
}

}  // namespace gantry::object
