#include "terminal/live.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <string>

namespace gantry::terminal {
namespace {

constexpr std::string_view erase_below = "\r\x1b[J";
constexpr std::string_view hide_cursor = "\x1b[?25l";
// What no longer fits, because the window just shrank, is lost at its edge instead of becoming lines of its own.
constexpr std::string_view no_wrap = "\x1b[?7l";
constexpr std::string_view wrap = "\x1b[?7h";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::string_view leave = "\r\x1b[J\x1b[?25h";  // both, for signal handlers

/// Recursive: a question is asked in the midst of what may itself say something.
std::recursive_mutex screen;
/// Lines stand there and the cursor is hidden. Read by signal handlers.
std::atomic<bool> drawn = false;
/// What stands there, to be drawn again below what was printed over it.
std::string last;

/// Everything in one write where the terminal takes it, so that no half of a frame is seen.
void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

/// Gives the terminal back and lets the signal do what it does by default.
void leave_screen(int signal) {
  const int saved = errno;
  leave_from_signal();
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  struct sigaction ours{};
  ::sigaction(signal, &standard, &ours);
  sigset_t only{};
  sigset_t before{};
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, &before);  // here the process ends, or stops until SIGCONT
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::sigaction(signal, &ours, nullptr);
  errno = saved;
}

constexpr std::array leaving = {SIGTSTP, SIGQUIT, SIGABRT, SIGTERM, SIGHUP, SIGINT};
std::array<struct sigaction, leaving.size()> replaced;

/// Only where the default stands: who handles a signal in another way ends in order, and the destructor runs.
void watch_signals() {
  struct sigaction ours{};
  ours.sa_handler = leave_screen;
  ours.sa_flags = SA_RESTART;
  for (std::size_t i = 0; i < leaving.size(); ++i) {
    ::sigaction(leaving[i], nullptr, &replaced[i]);
    if (replaced[i].sa_handler == SIG_DFL) ::sigaction(leaving[i], &ours, nullptr);
  }
}

void forget_signals() {
  for (std::size_t i = 0; i < leaving.size(); ++i)
    if (replaced[i].sa_handler == SIG_DFL) ::sigaction(leaving[i], &replaced[i], nullptr);
}

bool in_foreground() { return ::tcgetpgrp(STDERR_FILENO) == ::getpgrp(); }

void clear() {
  if (drawn.exchange(false)) write_all(leave);
}

}  // namespace

Live::Live() { watch_signals(); }

Live::~Live() {
  const std::scoped_lock lock(screen);
  clear();
  forget_signals();
}

void Live::draw(std::string_view above, const std::vector<std::string>& lines) {
  const std::scoped_lock lock(screen);
  const bool drawing = !lines.empty() && in_foreground();
  if (above.empty() && !drawing) return clear();
  std::string frame;
  if (drawn) frame += above.empty() ? "\r" : erase_below;
  frame += above;
  if (!drawing) {
    if (drawn.exchange(false)) frame += show_cursor;
    return write_all(frame);
  }
  last = hide_cursor;
  last += no_wrap;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) last += "\r\n";
    last.append(lines[i]).append("\x1b[K");
  }
  last.append("\x1b[J\r").append(wrap);
  if (lines.size() > 1) last.append("\x1b[").append(std::to_string(lines.size() - 1)).append("A");
  drawn = true;
  write_all(frame + last);
}

void say(std::string_view line) {
  const std::scoped_lock lock(screen);
  const bool over = drawn;
  write_all(fmt::format("{}{}\n{}", over ? erase_below : "", line, over ? last : ""));
}

void print(std::string_view text) {
  const std::scoped_lock lock(screen);
  const bool over = drawn;
  if (over) write_all(erase_below);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!over) return;
  std::fflush(stdout);
  write_all(last);
}

void say_from_signal(std::string_view line) noexcept {
  leave_from_signal();
  write_all(line);
  write_all("\n");
}

void leave_from_signal() noexcept {
  if (drawn.exchange(false)) write_all(leave);
}

Still::Still() {
  screen.lock();
  clear();
}

Still::~Still() { screen.unlock(); }

}  // namespace gantry::terminal
