#include "client/exit.hpp"

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

Exit combine(Exit before, Exit now) {
  if (before == now) return now;
  if (before == Exit::stopped || now == Exit::stopped) return Exit::stopped;
  return Exit::some_failed;
}

}  // namespace gantry::client
