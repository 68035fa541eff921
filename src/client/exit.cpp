#include "client/exit.hpp"

#include <array>

namespace gantry::client {

Exit exit_of(const ftp::Failure& failure) {
  switch (failure.why) {
    case ftp::Why::usage:
      return Exit::usage;
    case ftp::Why::login:
      return Exit::login;
    case ftp::Why::tls:
      return Exit::tls;
    case ftp::Why::network:
      return Exit::network;
    case ftp::Why::local:
      return Exit::local;
    case ftp::Why::refused:
    case ftp::Why::mismatch:
      return Exit::refused;
    case ftp::Why::cancelled:
      return Exit::stopped;
  }
  return Exit::network;
}

std::span<const ExitMeaning> exit_meanings() {
  static constexpr std::array table = {
      ExitMeaning{Exit::ok, "All done"},
      ExitMeaning{Exit::some_failed, "Some of several things failed"},
      ExitMeaning{Exit::login, "Login refused"},
      ExitMeaning{Exit::tls, "No TLS, or a certificate nobody vouches for"},
      ExitMeaning{Exit::network, "Network: unreachable, timed out, cut"},
      ExitMeaning{Exit::local, "Local disk"},
      ExitMeaning{Exit::refused, "The server refused, or both sides differ"},
      ExitMeaning{Exit::usage, "The command line or the configuration makes no sense"},
      ExitMeaning{Exit::stopped, "Stopped by Ctrl-C"},
  };
  return table;
}

Exit combine(Exit before, Exit now) {
  if (before == now) return now;
  if (before == Exit::stopped || now == Exit::stopped) return Exit::stopped;
  return Exit::some_failed;
}

}  // namespace gantry::client
