// How the program ends: the exit codes of docs/client.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ftp/failure.hpp"

namespace gantry::client {

enum class Exit : std::uint8_t {
  ok = 0,
  some_failed = 3,  ///< of several files
  login = 4,
  tls = 5,
  network = 6,
  local = 7,
  refused = 8,  ///< by the server; also when both sides differ
  usage = 64,
  stopped = 130,  ///< by Ctrl-C, as shells say it
};

[[nodiscard]] Exit exit_of(const ftp::Failure& failure);

/// A code and what it means, for those who read it.
struct ExitMeaning {
  Exit code = Exit::ok;
  std::string_view means;
};
[[nodiscard]] std::span<const ExitMeaning> exit_meanings();

/// Of two ends of one run: the same, or some_failed when they differ.
[[nodiscard]] Exit combine(Exit before, Exit now);

}  // namespace gantry::client
