// Threads beside the one that runs verbs.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace gantry::client {

/// A thread that gets no signals: they interrupt the waits of the one that runs the verb, and of nobody else.
template <class Work>
[[nodiscard]] std::jthread quiet_thread(Work work) {
  sigset_t all{};
  sigset_t before{};
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::jthread thread(std::move(work));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace gantry::client
