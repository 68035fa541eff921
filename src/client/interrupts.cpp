#include "client/interrupts.hpp"

#include <cerrno>

#include "terminal/live.hpp"

namespace gantry::client {
namespace {

std::atomic<std::atomic<bool>*> target = nullptr;
std::atomic<int> count = 0;
std::atomic<bool> told_to_leave = false;

void on_signal(int signal) {
  const int saved = errno;
  if (signal != SIGINT) told_to_leave = true;
  if (auto* stop = target.load()) stop->store(true);
  const int now = signal == SIGINT ? ++count : count.load();
  if (now == 2) terminal::say_from_signal("gantry: stopping; Ctrl-C once more ends it at once");
  if (now > 2) {
    terminal::leave_from_signal();
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  errno = saved;
}

}  // namespace

Interrupts::Interrupts(std::atomic<bool>& stop) {
  target = &stop;
  struct sigaction ours{};
  ours.sa_handler = on_signal;
  // What would be ignored by whoever started us (nohup) stays so.
  for (std::size_t i = 0; i < signals.size(); ++i) {
    ::sigaction(signals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(signals[i], &ours, nullptr);
  }
}

Interrupts::~Interrupts() {
  for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
  target = nullptr;
}

void Interrupts::forget() {
  count = 0;
  if (told_to_leave) return;
  if (auto* stop = target.load()) stop->store(false);
}

bool Interrupts::leaving() { return told_to_leave; }

}  // namespace gantry::client
