// A new password from the terminal or from standard input, never from the command line, where others could read it.
#pragma once

#include <expected>
#include <string>

#include "base/secret.hpp"

namespace gantry {

/// The first line of standard input; the error is a sentence.
[[nodiscard]] std::expected<Secret, std::string> read_line_of_input();
/// Asked for twice without an echo. The error is a sentence: no terminal, nothing entered, two different ones.
[[nodiscard]] std::expected<Secret, std::string> ask_for_new_password();

}  // namespace gantry
