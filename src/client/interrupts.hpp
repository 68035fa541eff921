// Ctrl-C and other signals that ask the program to end. Must not know: what runs.
#pragma once

#include <array>
#include <atomic>
#include <csignal>

namespace gantry::client {

/// While this lives: the first Ctrl-C (SIGINT) sets `stop`, whoever runs sees it and ends soon; the second one says so;
/// the third one ends the program where it stands. SIGTERM and SIGHUP set `stop` too, and the shell leaves. One at a
/// time.
class Interrupts {
 public:
  explicit Interrupts(std::atomic<bool>& stop);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Forgets earlier ones: for the next line of the shell.
  static void forget();
  /// SIGTERM or SIGHUP came.
  [[nodiscard]] static bool leaving();

 private:
  static constexpr std::array signals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, signals.size()> before_{};
};

}  // namespace gantry::client
