// The line reader gives the same lines however its input is cut, holds no more than it must, and forgets on clear().
#include "proto/line_reader.hpp"

#include <algorithm>
#include <vector>

#include "tests/fuzz/fuzz.hpp"

namespace {

using gantry::proto::Line;
using gantry::proto::LineReader;

constexpr std::size_t limit = 64;

void take_lines(LineReader& reader, std::vector<Line>& lines) {
  while (auto line = reader.next()) {
    if (line->kind == Line::Kind::command) {
      CHECK(line->text.size() <= limit);
      CHECK(line->text.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    } else {
      CHECK(line->text.empty());
    }
    lines.push_back(std::move(*line));
  }
  CHECK(reader.buffered() <= limit);
  CHECK(!reader.empty() || reader.buffered() == 0);
}

}  // namespace

FUZZ_TARGET(line_reader) {
  gantry::fuzz::Choices choices(input);
  const std::size_t step = 1 + choices.below(16);
  const std::string_view bytes = choices.rest();
  LineReader whole(limit);
  whole.feed(bytes);
  CHECK(whole.buffered() == bytes.size());
  std::vector<Line> lines;
  take_lines(whole, lines);
  CHECK(static_cast<std::ptrdiff_t>(lines.size()) <= std::ranges::count(bytes, '\n') + 1);

  LineReader cut(limit);
  std::vector<Line> again;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    cut.feed(bytes.substr(at, step));
    take_lines(cut, again);
  }
  CHECK(lines == again);

  cut.clear();
  CHECK(cut.empty() && cut.buffered() == 0);
  cut.feed("NOOP\r\n");
  CHECK(cut.next() == (Line{Line::Kind::command, "NOOP"}));
}
