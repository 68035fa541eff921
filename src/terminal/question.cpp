#include "terminal/question.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <string>

#include "base/text.hpp"
#include "terminal/input.hpp"
#include "terminal/live.hpp"
#include "terminal/screen.hpp"

namespace gantry::terminal {
namespace {

void show(std::string_view text) {
  std::fflush(stdout);
  fmt::print(stderr, "{}", text);
  std::fflush(stderr);
}

std::string words_of(std::span<const Choice> choices) {
  std::string words;
  for (const Choice& choice : choices) {
    const std::size_t at = choice.word.find(choice.key);
    words += fmt::format(" {}[{}]{}", choice.word.substr(0, at), choice.key, choice.word.substr(at + 1));
  }
  return words;
}

/// No echo until the end, whatever the way there.
class Unseen {
 public:
  Unseen() {
    changed_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
  }
  ~Unseen() {
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_ = false;
};

}  // namespace

std::optional<char> choose(std::string_view question, std::span<const Choice> choices, const std::atomic<bool>& stop) {
  if (!answers()) return std::nullopt;
  const Still still;
  for (;;) {
    show(fmt::format("{}{}: ", question, words_of(choices)));
    const auto line = read_line(STDIN_FILENO, stop);
    if (!line) {
      show("\n");
      return std::nullopt;
    }
    const std::string answer = to_lower(trim(*line));
    for (const Choice& choice : choices)
      if (answer == choice.word || answer == std::string_view(&choice.key, 1)) return choice.key;
  }
}

Answer ask_each(std::string_view question, const std::atomic<bool>& stop) {
  static constexpr std::array choices = {Choice{'y', "yes"}, Choice{'n', "no"}, Choice{'a', "all"},
                                         Choice{'q', "quit"}};
  switch (choose(question, choices, stop).value_or('q')) {
    case 'y':
      return Answer::yes;
    case 'n':
      return Answer::no;
    case 'a':
      return Answer::all;
    default:
      return Answer::quit;
  }
}

bool ask_yes(std::string_view question, const std::atomic<bool>& stop) {
  static constexpr std::array choices = {Choice{'y', "yes"}, Choice{'n', "no"}};
  return choose(question, choices, stop) == 'y';
}

std::optional<Secret> ask_password(std::string_view question, const std::atomic<bool>& stop) {
  if (!answers()) return std::nullopt;
  const Still still;
  show(question);
  std::optional<std::string> line;
  {
    const Unseen unseen;
    line = read_line(STDIN_FILENO, stop);
  }
  show("\n");
  if (!line) return std::nullopt;
  return Secret(std::move(*line));
}

}  // namespace gantry::terminal
