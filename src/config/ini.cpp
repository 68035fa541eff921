#include "config/ini.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "base/text.hpp"

namespace gantry::config {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] == '#' || text[i] == ';') && (i == 0 || is_blank(text[i - 1]))) return trim(text.substr(0, i));
  return text;
}

class Parser {
 public:
  explicit Parser(Report& report) : report_(report) {}

  void read(std::string_view line, unsigned number);
  std::vector<IniSection> take() { return std::move(sections_); }

 private:
  void open_section(std::string_view text, Position position);
  void add_entry(std::string_view text, std::size_t delimiter, Position position);
  void refuse(Position position);

  Report& report_;
  std::vector<IniSection> sections_;
  std::size_t current_ = 0;
  bool continuable_ = false;  ///< the line before belongs to the last entry of the current section
};

void Parser::read(std::string_view line, unsigned number) {
  const std::string_view text = trim(line);
  if (text.empty() || text.front() == '#' || text.front() == ';') {
    continuable_ = continuable_ && !text.empty();
    return;
  }
  const Position position{number, static_cast<unsigned>(text.data() - line.data()) + 1};
  if (text.front() == '[') {
    open_section(text, position);
    return;
  }
  if (continuable_ && is_blank(line.front()) && !text.contains('=')) {
    IniEntry& entry = sections_[current_].entries.back();
    entry.value += ' ' + std::string(without_comment(text));
    entry.written += ' ' + std::string(text);
    return;
  }
  const std::size_t delimiter = text.find_first_of("=:");
  if (delimiter == std::string_view::npos || delimiter == 0 || sections_.empty())
    refuse(position);
  else
    add_entry(text, delimiter, position);
}

void Parser::refuse(Position position) {
  continuable_ = false;
  // The line is not quoted: it may hold a secret.
  report_.error_at(position, {},
                   sections_.empty() ? "stands before the first [SECTION]"
                                     : "is neither [SECTION] nor KEY = VALUE nor a comment (# or ;)");
}

void Parser::open_section(std::string_view text, Position position) {
  continuable_ = false;
  const std::size_t end = text.find(']');
  const bool closed = end != std::string_view::npos && without_comment(trim(text.substr(end + 1))).empty();
  if (!closed) report_.error_at(position, {}, "a section is written [NAME], and only a comment may follow");
  const std::string name(trim(text.substr(1, closed ? end - 1 : std::string_view::npos)));
  const auto known = std::ranges::find(sections_, name, &IniSection::name);
  current_ = static_cast<std::size_t>(known - sections_.begin());
  if (known == sections_.end())
    sections_.push_back({name, position, {}});
  else
    report_.warning_at(position, escape_control(name), "the section occurs twice; the two are read as one");
}

void Parser::add_entry(std::string_view text, std::size_t delimiter, Position position) {
  IniSection& section = sections_[current_];
  const std::string_view value = trim(text.substr(delimiter + 1));
  IniEntry entry{.key = to_lower(trim(text.substr(0, delimiter))),
                 .value = std::string(without_comment(value)),
                 .written = std::string(value),
                 .position = position};
  const std::string shown = fmt::format("{}.{}", escape_control(section.name), escape_control(entry.key));
  if (!is_utf8(entry.value)) report_.error_at(position, shown, "is not UTF-8; save the file in that encoding");
  const auto before = std::ranges::find(section.entries, entry.key, &IniEntry::key);
  if (before != section.entries.end()) {
    report_.warning_at(position, shown, "occurs twice in this section; only this last one counts");
    section.entries.erase(before);
  }
  section.entries.push_back(std::move(entry));
  continuable_ = true;
}

}  // namespace

const IniEntry* IniSection::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &IniEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

std::vector<IniSection> parse_ini(std::string_view text, Report& report) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  Parser parser(report);
  unsigned number = 0;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    parser.read(line, ++number);
  }
  return parser.take();
}

}  // namespace gantry::config
