#include "client/netrc.hpp"

#include <cctype>

#include "base/text.hpp"

namespace gantry::client {
namespace {

/// Words between blanks; in "quotes" with \" and \\; '#' where a word would begin is a comment up to the line's end.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::optional<std::string> next() {
    skip_blanks();
    if (rest_.empty()) return std::nullopt;
    return rest_.front() == '"' ? quoted() : plain();
  }

  /// The text of a macro ends with an empty line.
  void skip_macro() {
    const std::size_t end = rest_.find("\n\n");
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
  }

 private:
  static bool blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

  void skip_blanks() {
    while (!rest_.empty() && (blank(rest_.front()) || rest_.front() == '#'))
      rest_.remove_prefix(rest_.front() == '#' ? std::min(rest_.find('\n'), rest_.size()) : 1);
  }

  std::string plain() {
    std::string word;
    while (!rest_.empty() && !blank(rest_.front())) take(word);
    return word;
  }

  std::string quoted() {
    std::string word;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      take(word);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return word;
  }

  void take(std::string& word) {
    word += rest_.front();
    rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

struct Machine {
  bool right_host = false;
  std::optional<std::string> login;
  std::optional<std::string> password;

  [[nodiscard]] bool fits(std::string_view user) const { return right_host && password && (!login || *login == user); }
};

}  // namespace

std::optional<Secret> netrc_password(std::string_view text, std::string_view host, std::string_view user) {
  Words words(text);
  Machine machine;
  while (const auto word = words.next()) {
    const bool begins = *word == "machine" || *word == "default";
    if (begins && machine.fits(user)) break;
    if (*word == "default") {
      machine = {.right_host = true, .login = {}, .password = {}};
    } else if (*word == "machine") {
      machine = {.right_host = equal_ignoring_case(words.next().value_or(""), host), .login = {}, .password = {}};
    } else if (*word == "login") {
      machine.login = words.next();
    } else if (*word == "password") {
      machine.password = words.next();
    } else if (*word == "account") {
      (void)words.next();
    } else if (*word == "macdef") {
      words.skip_macro();
    }
  }
  if (!machine.fits(user)) return std::nullopt;
  return Secret(*machine.password);
}

}  // namespace gantry::client
