// What this terminal can do: questions, drawing, colours, its size. Must not know: FTP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gantry::terminal {

/// Standard output is a terminal.
[[nodiscard]] bool draws();
/// A person is there to answer: standard input and standard error are terminals.
[[nodiscard]] bool answers();
/// Standard error is a terminal whose cursor can be moved (TERM is set, and is not "dumb").
[[nodiscard]] bool draws_in_place();

struct Size {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// Of the terminal at this descriptor; 80 x 24 where there is none or it does not say.
[[nodiscard]] Size size_of(int descriptor);

enum class Style : std::uint8_t { plain, bold, dim, good, bad, warning, directory, link, program };

/// The terminal at this descriptor shows colours: it is one, TERM is set and not "dumb", and NO_COLOR is empty.
[[nodiscard]] bool shows_colours(int descriptor);

/// `text` in its style, with what ends it behind; without `colours` the text alone.
[[nodiscard]] std::string paint(std::string_view text, Style style, bool colours);

}  // namespace gantry::terminal
