#include "terminal/text.hpp"

#include <fmt/format.h>

#include <cwchar>
#include <iterator>
#include <vector>

namespace gantry::terminal {
namespace {

/// One character, or one byte that belongs to none.
struct Piece {
  std::string_view bytes;
  wchar_t character = 0;
  std::size_t width = 1;
  bool malformed = false;
};

Piece first_piece(std::string_view text) {
  std::mbstate_t state{};
  Piece piece;
  const std::size_t used = std::mbrtowc(&piece.character, text.data(), text.size(), &state);
  piece.malformed = used == 0 || used > text.size();
  piece.bytes = text.substr(0, piece.malformed ? 1 : used);
  const int width = piece.malformed ? 1 : ::wcwidth(piece.character);
  piece.width = width < 0 ? 1 : static_cast<std::size_t>(width);
  return piece;
}

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    pieces.push_back(first_piece(text));
    text.remove_prefix(pieces.back().bytes.size());
  }
  return pieces;
}

/// C0, DEL, C1, line and paragraph separators, marks and overrides of direction (Unicode UAX #9).
bool misleads(wchar_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

/// Pieces from the beginning that take at most `columns`.
std::size_t head_of(const std::vector<Piece>& pieces, std::size_t columns) {
  std::size_t count = 0;
  for (std::size_t used = 0; count < pieces.size() && used + pieces[count].width <= columns; ++count)
    used += pieces[count].width;
  return count;
}

/// Pieces from the end that take at most `columns`, beginning with one that takes any.
std::size_t tail_of(const std::vector<Piece>& pieces, std::size_t columns) {
  std::size_t taken = 0;
  std::size_t used = 0;
  for (std::size_t count = 1; count <= pieces.size(); ++count) {
    const Piece& piece = pieces[pieces.size() - count];
    used += piece.width;
    if (used > columns) break;
    if (piece.width > 0) taken = count;
  }
  return taken;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Piece piece = first_piece(text);
    columns += piece.width;
    text.remove_prefix(piece.bytes.size());
  }
  return columns;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const Piece& piece : pieces_of(text)) {
    if (!piece.malformed && !misleads(piece.character)) {
      out.append(piece.bytes);
      continue;
    }
    for (const char byte : piece.bytes)
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

std::string cut(std::string_view text, std::size_t columns) {
  const auto pieces = pieces_of(text);
  if (head_of(pieces, columns) == pieces.size()) return std::string(text);
  if (columns == 0) return {};
  const std::size_t kept = columns - 1;
  std::string out;
  const std::size_t head = head_of(pieces, kept - kept / 2);
  for (std::size_t i = 0; i < head; ++i) out.append(pieces[i].bytes);
  out += "…";
  for (std::size_t left = tail_of(pieces, kept / 2); left > 0; --left) out.append(pieces[pieces.size() - left].bytes);
  return out;
}

std::string fit(std::string_view text, std::size_t columns) {
  std::string out = cut(text, columns);
  out.append(columns - width_of(out), ' ');
  return out;
}

std::string fit_right(std::string_view text, std::size_t columns) {
  const std::string shown = cut(text, columns);
  return std::string(columns - width_of(shown), ' ') + shown;
}

}  // namespace gantry::terminal
