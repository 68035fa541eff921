#include "terminal/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "terminal/text.hpp"

namespace gantry::terminal {
namespace {

constexpr std::size_t gap = 2;

/// A cell ready to be printed, and the columns it takes.
struct Laid {
  std::string text;
  std::size_t width = 0;
};

Laid lay(const Cell& cell, bool colours) {
  const std::string text = printable(cell.text);
  const std::string tail = printable(cell.tail);
  return {.text = paint(text, cell.style, colours) + tail, .width = width_of(text) + width_of(tail)};
}

/// The widths of the columns when `count` names stand in `rows` lines.
std::vector<std::size_t> widths_of(const std::vector<Laid>& names, std::size_t rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i % rows == 0) widths.push_back(0);
    widths.back() = std::max(widths.back(), names[i].width);
  }
  return widths;
}

std::size_t total_of(const std::vector<std::size_t>& widths) {
  std::size_t total = gap * (widths.size() - 1);
  for (const std::size_t width : widths) total += width;
  return total;
}

/// The fewest lines that fit; found from above by the most columns there can be.
std::size_t fewest_rows(const std::vector<Laid>& names, std::size_t width) {
  const std::size_t narrowest = std::ranges::min(names, {}, &Laid::width).width;
  const std::size_t most = std::clamp<std::size_t>((width + gap) / (narrowest + gap), 1, names.size());
  std::size_t rows = (names.size() + most - 1) / most;
  // Each step drops a column at least, so that long lists of long names need few of them.
  while (rows < names.size() && total_of(widths_of(names, rows)) > width) {
    const std::size_t columns = (names.size() + rows - 1) / rows;
    rows = std::max(rows + 1, columns > 1 ? (names.size() + columns - 2) / (columns - 1) : names.size());
  }
  return std::min(rows, names.size());
}

}  // namespace

std::string table(std::span<const Align> columns, const std::vector<std::vector<Cell>>& rows, bool colours) {
  std::vector<std::vector<Laid>> lines;
  std::vector<std::size_t> widths(columns.size());
  for (const auto& row : rows) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < row.size() && i < columns.size(); ++i) {
      line.push_back(lay(row[i], colours));
      widths[i] = std::max(widths[i], line[i].width);
    }
  }
  std::string out;
  for (const auto& line : lines) {
    std::size_t behind = 0;  // blanks owed before the next text
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::size_t spare = widths[i] - line[i].width;
      const bool right = columns[i] == Align::right;
      if (line[i].width > 0) {
        out.append(behind + (right ? spare : 0), ' ').append(line[i].text);
        behind = 0;
      }
      behind += line[i].width == 0 ? widths[i] : (right ? 0 : spare);
      behind += gap;
    }
    out += '\n';
  }
  return out;
}

std::string in_columns(const std::vector<Cell>& names, std::size_t width, bool colours) {
  if (names.empty()) return {};
  std::vector<Laid> laid;
  laid.reserve(names.size());
  for (const Cell& name : names) laid.push_back(lay(name, colours));
  const std::size_t rows = fewest_rows(laid, width);
  const auto widths = widths_of(laid, rows);
  std::string out;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = row; i < laid.size(); i += rows) {
      out += laid[i].text;
      if (i + rows < laid.size()) out.append(widths[i / rows] - laid[i].width + gap, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string short_bytes(std::uint64_t bytes) {
  static constexpr std::string_view letters = "KMGTPE";
  if (bytes < 1024) return fmt::format("{}", bytes);
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (value /= 1024; value >= 999.5 && unit + 1 < letters.size(); value /= 1024) ++unit;
  return value < 9.95 ? fmt::format("{:.1f}{}", value, letters[unit]) : fmt::format("{:.0f}{}", value, letters[unit]);
}

}  // namespace gantry::terminal
