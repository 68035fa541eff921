#include "proto/quoted_names.hpp"

#include <algorithm>

namespace gantry::proto {

std::string quote_name(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

std::optional<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  std::string name;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      const bool doubled = i + 1 < text.size() && text[i + 1] == '"';
      if (!doubled) {
        text.remove_prefix(i + 1);
        return name;
      }
      ++i;
    }
    name += text[i];
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> parse_names(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return names;
    if (text.starts_with('"')) {
      auto name = take_quoted(text);
      if (!name || name->empty() || (!text.empty() && !text.starts_with(' '))) return std::nullopt;
      names.push_back(std::move(*name));
    } else {
      const std::size_t end = std::min(text.find(' '), text.size());
      names.emplace_back(text.substr(0, end));
      text.remove_prefix(end);
    }
  }
}

}  // namespace gantry::proto
