// Questions to the person at the terminal. They are asked on standard error; what is drawn there in place steps aside
// meanwhile, so any thread may ask; one question stands at a time. Without a person (terminal::answers()) nothing is
// asked and nothing returned. Must not know: what is asked about.
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <string_view>

#include "base/secret.hpp"

namespace gantry::terminal {

struct Choice {
  char key;               ///< the word's first letter, or another letter of it
  std::string_view word;  ///< "yes"; both are understood, in any case
};

/// Asks "QUESTION [y]es [n]o: " until the answer is one of the choices; its key. Nothing at the end of the input and
/// when `stop` is set. The question is a sentence; names in it go through printable().
[[nodiscard]] std::optional<char> choose(std::string_view question, std::span<const Choice> choices,
                                         const std::atomic<bool>& stop);

enum class Answer : std::uint8_t { yes, no, all, quit };

/// yes, no, all or quit; quit also when nobody answers.
[[nodiscard]] Answer ask_each(std::string_view question, const std::atomic<bool>& stop);

/// yes or no; no also when nobody answers.
[[nodiscard]] bool ask_yes(std::string_view question, const std::atomic<bool>& stop);

/// A line typed without being shown.
[[nodiscard]] std::optional<Secret> ask_password(std::string_view question, const std::atomic<bool>& stop);

}  // namespace gantry::terminal
