// Tables and columns of names, aligned by the width they take on a terminal. Pure. Must not know: FTP.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "terminal/screen.hpp"

namespace gantry::terminal {

/// A piece of text from anywhere; what must not reach a terminal is escaped when it is laid out.
struct Cell {
  std::string text;
  Style style = Style::plain;
  std::string tail{};  ///< follows the text in no style: "/" behind a directory, " -> target"
};

enum class Align : std::uint8_t { left, right };

/// Lines with the columns two blanks apart, each as wide as its widest cell; nothing is cut. Rows may be shorter than
/// `columns`. Each line ends with a line feed and has no blanks before it.
[[nodiscard]] std::string table(std::span<const Align> columns, const std::vector<std::vector<Cell>>& rows,
                                bool colours);

/// Names in as many columns as `width` holds, read downwards like those of ls; one a line when it holds no two.
[[nodiscard]] std::string in_columns(const std::vector<Cell>& names, std::size_t width, bool colours);

/// "4.0K", "312M", "17": at most five columns, for listings.
[[nodiscard]] std::string short_bytes(std::uint64_t bytes);

}  // namespace gantry::terminal
