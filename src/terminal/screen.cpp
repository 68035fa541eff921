#include "terminal/screen.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace gantry::terminal {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

bool moves_cursor() { return !variable("TERM").empty() && variable("TERM") != "dumb"; }

std::string_view code_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "1";
    case Style::dim:
      return "2";
    case Style::good:
      return "32";
    case Style::bad:
      return "31";
    case Style::warning:
      return "33";
    case Style::directory:
      return "1;34";
    case Style::link:
      return "36";
    case Style::program:
      return "1;32";
  }
  return "";
}

}  // namespace

bool draws() { return ::isatty(STDOUT_FILENO) != 0; }
bool answers() { return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0; }
bool draws_in_place() { return ::isatty(STDERR_FILENO) != 0 && moves_cursor(); }

Size size_of(int descriptor) {
  winsize said{};
  Size size;
  if (::ioctl(descriptor, TIOCGWINSZ, &said) != 0) return size;
  if (said.ws_col > 0) size.columns = said.ws_col;
  if (said.ws_row > 0) size.rows = said.ws_row;
  return size;
}

bool shows_colours(int descriptor) {
  return ::isatty(descriptor) != 0 && moves_cursor() && variable("NO_COLOR").empty();
}

std::string paint(std::string_view text, Style style, bool colours) {
  if (!colours || style == Style::plain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code_of(style), text);
}

}  // namespace gantry::terminal
