#include "gantryd/password_input.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace gantry {
namespace {

/// Keeps the terminal from showing what is typed.
class NoEcho {
 public:
  NoEcho() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  ~NoEcho() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

std::expected<Secret, std::string> prompt(const char* text) {
  fmt::print(stderr, "{}: ", text);
  auto line = read_line_of_input();
  fmt::print(stderr, "\n");
  return line;
}

}  // namespace

std::expected<Secret, std::string> read_line_of_input() {
  std::string line;
  if (!std::getline(std::cin, line) || line.empty()) return std::unexpected("no password on standard input");
  return Secret(std::move(line));
}

std::expected<Secret, std::string> ask_for_new_password() {
  if (::isatty(STDIN_FILENO) == 0)
    return std::unexpected("there is no terminal to ask for the password; use --password-stdin");
  const NoEcho silence;
  auto first = prompt("New password");
  if (!first) return first;
  const auto second = prompt("The same again");
  if (!second) return second;
  if (*first != *second) return std::unexpected("the two passwords differ; nothing was changed");
  return first;
}

}  // namespace gantry
