#include "client/words.hpp"

namespace gantry::client {
namespace {

bool blank(char c) { return c == ' ' || c == '\t'; }

/// Reads the line byte by byte; what it has at the end is what completion needs.
class Reader {
 public:
  explicit Reader(std::string_view line) : line_(line) {
    while (at_ < line_.size() && !comment_) step();
    if (!in_word_) state_.from = line_.size();
  }

  Typing state_;
  bool in_word_ = false;
  bool comment_ = false;

 private:
  void step() {
    const char c = line_[at_];
    if (!in_word_) {
      if (!blank(c))
        begin(c);
      else
        ++at_;
      return;
    }
    if (state_.quote != 0) return quoted_step(c);
    if (blank(c)) {
      end();
    } else if (c == '\'' || c == '"') {
      state_.quote = c;
    } else if (c == '\\' && at_ + 1 < line_.size()) {
      state_.begun += line_[++at_];
    } else if (c != '\\') {
      state_.begun += c;
    }
    ++at_;
  }

  void begin(char c) {
    comment_ = c == '#';
    in_word_ = !comment_;
    state_.from = at_;
  }

  void quoted_step(char c) {
    const bool escape =
        state_.quote == '"' && c == '\\' && at_ + 1 < line_.size() && (line_[at_ + 1] == '"' || line_[at_ + 1] == '\\');
    if (c == state_.quote)
      state_.quote = 0;
    else
      state_.begun += escape ? line_[++at_] : c;
    ++at_;
  }

  void end() {
    state_.words.push_back(std::move(state_.begun));
    state_.begun.clear();
    in_word_ = false;
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  Reader reader(line);
  if (reader.state_.quote != 0) return std::nullopt;
  if (reader.in_word_) reader.state_.words.push_back(std::move(reader.state_.begun));
  return std::move(reader.state_.words);
}

Typing read_typing(std::string_view line) { return std::move(Reader(line).state_); }

std::string as_word(std::string_view text, char quote) {
  std::string word;
  if (quote != 0) word += quote;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'' && c == '\'') {
      word += "'\\''";
      continue;
    }
    const bool special = quote == '"'
                             ? c == '"' || c == '\\'
                             : quote == 0 && (blank(c) || c == '\'' || c == '"' || c == '\\' || (c == '#' && i == 0));
    if (special) word += '\\';
    word += c;
  }
  return word;
}

}  // namespace gantry::client
