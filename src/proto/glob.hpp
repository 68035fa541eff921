// Shell patterns for one name: * ? [a-z] [!x] (or [^x]) and \x. No braces, no tilde: they are what pattern bombs are
// made of. Must not know: directories; a pattern never spans segments.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gantry::proto {

class Glob {
 public:
  /// ls hides names that begin with a dot unless the pattern does too.
  enum class DotNames : std::uint8_t { need_a_dot, match };

  /// Comparisons for one name. A match that needs more fails; no honest pattern on a 255-byte name does.
  static constexpr std::size_t step_budget = 10'000;

  /// An unescaped * ? or [ occurs.
  [[nodiscard]] static bool is_pattern(std::string_view text);

  /// An unclosed '[' and a backslash at the end stand for themselves.
  explicit Glob(std::string_view pattern, DotNames dots = DotNames::need_a_dot);

  /// Bytes are compared, letter case counts. Time is bounded by step_budget: only the last star is ever retried.
  [[nodiscard]] bool matches(std::string_view name) const;

 private:
  using Set = std::bitset<256>;
  struct Token {
    enum class Kind : std::uint8_t { literal, any, set, star };
    Kind kind;
    unsigned char byte = 0;  // literal
    std::size_t set = 0;     // index into sets_
  };

  /// Reads the set that opens at `at`; its length in the pattern, 0 when it never closes.
  std::size_t parse_set(std::string_view pattern, std::size_t at);
  [[nodiscard]] bool fits(const Token& token, char byte) const;

  std::vector<Token> tokens_;
  std::vector<Set> sets_;
  DotNames dots_;
};

}  // namespace gantry::proto
