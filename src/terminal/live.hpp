// The lines at the bottom of the terminal that change in place, on standard error. The process has one screen, so all
// of this is shared and thread-safe. The cursor rests, hidden, at the beginning of the first line: whatever the
// terminal does with long lines when its window changes, everything from there on is ours to erase. Must not know: what
// is drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gantry::terminal {

/// From here to the destructor lines can be drawn. Signals that end or stop the process give the cursor back first.
class Live {
 public:
  Live();
  ~Live();
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  /// Replaces what is drawn by `lines` (no line feeds; no wider and no more than the terminal has) in one write, with
  /// `above` (whole lines) put over them, where it scrolls away. Draws nothing while the process is in the background.
  void draw(std::string_view above, const std::vector<std::string>& lines);
};

/// Prints a line on standard error, above what is drawn. The line feed is added.
void say(std::string_view line);
/// Prints whole lines on standard output, above what is drawn.
void print(std::string_view text);

/// For signal handlers: prints a line on standard error where the drawn lines begin; they follow below with the next
/// frame. / Erases what is drawn and shows the cursor.
void say_from_signal(std::string_view line) noexcept;
void leave_from_signal() noexcept;

/// While this lives nothing is drawn and the cursor is there: for questions and for programs that use the terminal.
class Still {
 public:
  Still();
  ~Still();
  Still(const Still&) = delete;
  Still& operator=(const Still&) = delete;
};

}  // namespace gantry::terminal
