#include "tests/support/json.hpp"

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace gantry::test {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  Json value() {
    Json out;
    switch (peek()) {
      case '{':
        out.kind_ = Json::Kind::object;
        read_members(out);
        break;
      case '[':
        out.kind_ = Json::Kind::array;
        read_items(out);
        break;
      case '"':
        out.kind_ = Json::Kind::string;
        out.text_ = string();
        break;
      default:
        read_word(out);
    }
    return out;
  }

  void end() {
    skip();
    if (!rest_.empty()) bad("text after the value");
  }

 private:
  [[noreturn]] static void bad(const std::string& why) { throw std::runtime_error("JSON: " + why); }

  void skip() {
    while (!rest_.empty() && std::string_view(" \t\r\n").contains(rest_.front())) rest_.remove_prefix(1);
  }
  char peek() {
    skip();
    if (rest_.empty()) bad("ends early");
    return rest_.front();
  }
  void expect(char c) {
    if (peek() != c) bad(std::string("expected ") + c);
    rest_.remove_prefix(1);
  }
  bool take(char c) {
    if (peek() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void read_members(Json& out) {
    expect('{');
    if (take('}')) return;
    do {
      if (peek() != '"') bad("a member needs a name");
      std::string name = string();
      expect(':');
      out.members_[name] = value();
    } while (take(','));
    expect('}');
  }

  void read_items(Json& out) {
    expect('[');
    if (take(']')) return;
    do out.items_.push_back(value());
    while (take(','));
    expect(']');
  }

  void read_word(Json& out) {
    std::string word(rest_.substr(0, rest_.find_first_of(" \t\r\n,]}")));
    rest_.remove_prefix(word.size());
    if (word == "null") return;
    if (word == "true" || word == "false") {
      out.kind_ = Json::Kind::boolean;
      out.number_ = word == "true" ? 1 : 0;
      return;
    }
    char* end = nullptr;
    out.kind_ = Json::Kind::number;
    out.number_ = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0') bad("unknown word " + word);
    out.text_ = word;
  }

  std::uint32_t hex4() {
    if (rest_.size() < 4) bad("short \\u");
    auto unit = static_cast<std::uint32_t>(std::stoul(std::string(rest_.substr(0, 4)), nullptr, 16));
    rest_.remove_prefix(4);
    return unit;
  }

  std::uint32_t code_point() {
    std::uint32_t unit = hex4();
    if (unit < 0xD800 || unit > 0xDBFF) return unit;
    if (!rest_.starts_with("\\u")) bad("lone surrogate");
    rest_.remove_prefix(2);
    return 0x10000 + ((unit - 0xD800) << 10) + (hex4() - 0xDC00);
  }

  static void append_utf8(std::string& out, std::uint32_t point) {
    auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
      add(point);
    } else if (point < 0x800) {
      add(0xC0 | (point >> 6));
      add(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
      add(0xE0 | (point >> 12));
      add(0x80 | ((point >> 6) & 0x3F));
      add(0x80 | (point & 0x3F));
    } else {
      add(0xF0 | (point >> 18));
      add(0x80 | ((point >> 12) & 0x3F));
      add(0x80 | ((point >> 6) & 0x3F));
      add(0x80 | (point & 0x3F));
    }
  }

  std::string string() {
    expect('"');
    std::string out;
    for (;;) {
      if (rest_.empty()) bad("unfinished string");
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (rest_.empty()) bad("unfinished escape");
      char escape = rest_.front();
      rest_.remove_prefix(1);
      static constexpr std::string_view from = "\"\\/bfnrt", to = "\"\\/\b\f\n\r\t";
      if (std::size_t at = from.find(escape); at != std::string_view::npos)
        out += to[at];
      else if (escape == 'u')
        append_utf8(out, code_point());
      else
        bad("unknown escape");
    }
  }

  std::string_view rest_;
};

Json Json::parse(std::string_view text) {
  JsonReader reader(text);
  Json value = reader.value();
  reader.end();
  return value;
}

Json Json::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse(text.view());
}

const Json& Json::operator[](const std::string& name) const {
  static const Json nothing;
  auto found = members_.find(name);
  return found == members_.end() ? nothing : found->second;
}

}  // namespace gantry::test
