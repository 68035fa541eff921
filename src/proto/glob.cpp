#include "proto/glob.hpp"

namespace gantry::proto {
namespace {

unsigned char code(char byte) { return static_cast<unsigned char>(byte); }

}  // namespace

bool Glob::is_pattern(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '*' || text[i] == '?' || text[i] == '[')
      return true;
  }
  return false;
}

Glob::Glob(std::string_view pattern, DotNames dots) : dots_(dots) {
  std::size_t unclosed = std::string_view::npos;  // no '[' from here on closes: looked for once, not for each
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '*') {
      // Stars in a row are one star.
      if (tokens_.empty() || tokens_.back().kind != Token::Kind::star) tokens_.push_back({Token::Kind::star});
    } else if (c == '?') {
      tokens_.push_back({Token::Kind::any});
    } else if (c == '[' && i < unclosed) {
      const std::size_t length = parse_set(pattern, i);
      if (length == 0) {
        unclosed = i;
        tokens_.push_back({Token::Kind::literal, code(c)});
      } else {
        tokens_.push_back({Token::Kind::set, 0, sets_.size() - 1});
        i += length - 1;
      }
    } else {
      if (c == '\\' && i + 1 < pattern.size()) ++i;
      tokens_.push_back({Token::Kind::literal, code(pattern[i])});
    }
  }
}

std::size_t Glob::parse_set(std::string_view pattern, std::size_t at) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  Set set;
  // A ']' right after the opening is a member, not the end.
  for (const std::size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    const unsigned low = code(pattern[i]);
    unsigned high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      i += 2;
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      high = code(pattern[i]);
    }
    for (unsigned member = low; member <= high; ++member) set.set(member);
  }
  if (i >= pattern.size()) return 0;
  sets_.push_back(negated ? ~set : set);
  return i + 1 - at;
}

bool Glob::fits(const Token& token, char byte) const {
  switch (token.kind) {
    case Token::Kind::literal:
      return token.byte == code(byte);
    case Token::Kind::any:
      return true;
    case Token::Kind::set:
      return sets_[token.set].test(code(byte));
    case Token::Kind::star:
      return false;
  }
  return false;
}

bool Glob::matches(std::string_view name) const {
  constexpr std::size_t none = ~std::size_t{0};
  const bool says_dot = !tokens_.empty() && tokens_.front().kind == Token::Kind::literal && tokens_.front().byte == '.';
  if (dots_ == DotNames::need_a_dot && name.starts_with('.') && !says_dot) return false;
  std::size_t token = 0;
  std::size_t at = 0;
  std::size_t after_star = none;  // token behind the last star
  std::size_t star_end = 0;       // where the last star stops matching, for now
  for (std::size_t steps = 0; at < name.size(); ++steps) {
    if (steps == step_budget) return false;
    if (token < tokens_.size() && tokens_[token].kind == Token::Kind::star) {
      after_star = ++token;
      star_end = at;
    } else if (token < tokens_.size() && fits(tokens_[token], name[at])) {
      ++token;
      ++at;
    } else if (after_star != none) {
      token = after_star;
      at = ++star_end;
    } else {
      return false;
    }
  }
  while (token < tokens_.size() && tokens_[token].kind == Token::Kind::star) ++token;
  return token == tokens_.size();
}

}  // namespace gantry::proto
