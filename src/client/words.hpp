// A line of the shell as words: blanks part them, '...' and "..." and backslashes quote, # begins a comment. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::client {

/// The words of a line; nothing when a quotation does not end. Within "..." a backslash quotes `"` and `\` alone.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view line);

/// The line as far as it was typed, for completion.
struct Typing {
  std::vector<std::string> words;  ///< those that are complete
  std::string begun;               ///< the meaning of the last one, empty behind a blank
  std::size_t from = 0;            ///< byte where the last one begins, with its quote
  char quote = 0;                  ///< the open quotation: ', " or 0
};

[[nodiscard]] Typing read_typing(std::string_view line);

/// `text` as one word of a line, begun in the quotation `quote`, which stays open: the caller adds what ends it.
[[nodiscard]] std::string as_word(std::string_view text, char quote);

}  // namespace gantry::client
