#include "proto/glob.hpp"

#include <cstddef>

namespace gantry::proto {
namespace {

constexpr std::size_t max_steps = 10'000;

struct SetMatch {
  bool closed = false;
  bool matched = false;
  std::size_t length = 0;  ///< of the set in the pattern
};

/// "[...]" at the front of `pattern` against one character.
SetMatch match_set(std::string_view pattern, char c) {
  std::size_t i = 1;
  bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  auto byte = [](char x) { return static_cast<unsigned char>(x); };
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    char low = pattern[i];
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      found |= byte(c) >= byte(low) && byte(c) <= byte(pattern[i + 2]);
      i += 3;
    } else {
      found |= c == low;
      ++i;
    }
  }
  if (i >= pattern.size()) return {};
  return {true, found != negated, i + 1};
}

/// One element of the pattern (not a star) against one character: its length when it fits, 0 otherwise.
std::size_t match_one(std::string_view pattern, char c) {
  switch (pattern.front()) {
    case '?': return 1;
    case '[': {
      SetMatch set = match_set(pattern, c);
      if (set.closed) return set.matched ? set.length : 0;
      return c == '[' ? 1 : 0;  // an unclosed bracket is itself
    }
    case '\\':
      if (pattern.size() > 1) return pattern[1] == c ? 2 : 0;
      return c == '\\' ? 1 : 0;
    default: return pattern.front() == c ? 1 : 0;
  }
}

}  // namespace

bool Glob::is_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

Glob::Glob(std::string pattern) : pattern_(std::move(pattern)) {}

bool Glob::matches(std::string_view name) const {
  std::string_view pattern = pattern_;
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  // Only the last star is ever tried again: time is at most pattern times name.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t after_star = std::string_view::npos;
  std::size_t star_at = 0;
  for (std::size_t steps = 0; n < name.size(); ++steps) {
    if (steps > max_steps) return false;
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_at = n;
      continue;
    }
    std::size_t used = p < pattern.size() ? match_one(pattern.substr(p), name[n]) : 0;
    if (used > 0) {
      p += used;
      ++n;
    } else if (after_star != std::string_view::npos) {
      p = after_star;
      n = ++star_at;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace gantry::proto
