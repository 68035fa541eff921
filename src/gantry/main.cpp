// gantry: the command-line client.
#include <clocale>
#include <csignal>
#include <cstdlib>

#include "client/command_line.hpp"

int main(int count, char** words) {
  std::setlocale(LC_ALL, "");
  // Names are UTF-8 on servers whatever the locale: where it has no wider characters, theirs would be taken apart.
  if (MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
  // An error where it happens, as if it were ignored; but programs that we start do not inherit it.
  std::signal(SIGPIPE, [](int) {});
  std::signal(SIGXFSZ, SIG_IGN);  // a file at its limit is an error that we report, as a full disk is
  return static_cast<int>(gantry::client::run({words + 1, words + count}, GANTRY_VERSION));
}
