// gantry: the command-line client.
#include <clocale>
#include <csignal>

#include "client/command_line.hpp"

int main(int count, char** words) {
  std::setlocale(LC_ALL, "");
  std::signal(SIGPIPE, SIG_IGN);
  return static_cast<int>(gantry::client::run({words + 1, words + count}, GANTRY_VERSION));
}
