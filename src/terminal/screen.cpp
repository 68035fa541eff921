#include "terminal/screen.hpp"

#include <unistd.h>

#include <cwchar>

namespace gantry::terminal {

bool draws() { return ::isatty(STDOUT_FILENO) != 0; }
bool answers() { return ::isatty(STDIN_FILENO) != 0; }

std::size_t width_of(std::string_view text) {
  std::size_t columns = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t character = 0;
    const std::size_t used = std::mbrtowc(&character, text.data(), text.size(), &state);
    const bool malformed = used == 0 || used > text.size();
    if (malformed) state = {};
    const int width = malformed ? 1 : ::wcwidth(character);
    columns += width < 0 ? 1 : static_cast<std::size_t>(width);
    text.remove_prefix(malformed ? 1 : used);
  }
  return columns;
}

}  // namespace gantry::terminal
