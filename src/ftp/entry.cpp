#include "ftp/entry.hpp"

#include "base/text.hpp"
#include "proto/time_text.hpp"

namespace gantry::ftp {
namespace {

Kind kind_of(std::string_view type) {
  if (equal_ignoring_case(type, "file")) return Kind::file;
  if (equal_ignoring_case(type, "dir") || equal_ignoring_case(type, "cdir") || equal_ignoring_case(type, "pdir"))
    return Kind::directory;
  return to_lower(type).starts_with("os.unix=s") ? Kind::link : Kind::other;
}

void take_fact(Entry& entry, std::string_view key, std::string_view value) {
  if (equal_ignoring_case(key, "type")) {
    entry.kind = kind_of(value);
    const std::size_t target = value.find(':');
    if (entry.kind == Kind::link && target != std::string_view::npos) entry.target = value.substr(target + 1);
  } else if (equal_ignoring_case(key, "size")) {
    entry.size = parse_number(value);
  } else if (equal_ignoring_case(key, "modify")) {
    entry.modified = proto::parse_time_val(value);
    entry.exact_time = entry.modified.has_value();
  } else if (equal_ignoring_case(key, "perm")) {
    entry.permissions = value;
  } else if (equal_ignoring_case(key, "unix.mode")) {
    entry.permissions = value;
  }
}

}  // namespace

std::optional<Entry> parse_facts(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank + 1 == line.size()) return std::nullopt;
  Entry entry;
  entry.name = line.substr(blank + 1);
  for (const std::string_view fact : split(line.substr(0, blank), ';')) {
    const std::size_t equals = fact.find('=');
    if (equals != std::string_view::npos) take_fact(entry, fact.substr(0, equals), fact.substr(equals + 1));
    if (equal_ignoring_case(fact, "type=cdir")) entry.name = ".";
    if (equal_ignoring_case(fact, "type=pdir")) entry.name = "..";
  }
  return entry;
}

std::optional<Entry> parse_list_line(std::string_view line, WallTime /*now*/) {
  // drwxr-xr-x 2 owner group 4096 Jan 31 09:15 name
  constexpr std::size_t words_before_name = 8;
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (words.size() < words_before_name) {
    at = line.find_first_not_of(' ', at);
    if (at == std::string_view::npos) return std::nullopt;
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  if (at + 1 >= line.size()) return std::nullopt;
  Entry entry{.name = std::string(line.substr(at + 1)), .permissions = std::string(words[0])};
  entry.kind = words[0].starts_with('d') ? Kind::directory : words[0].starts_with('l') ? Kind::link : Kind::file;
  entry.owner = words[2];
  entry.group = words[3];
  entry.size = parse_number(words[4]);
  const std::size_t arrow = entry.name.find(" -> ");
  if (entry.kind == Kind::link && arrow != std::string::npos) {
    entry.target = entry.name.substr(arrow + 4);
    entry.name.resize(arrow);
  }
  return entry;
}

bool is_safe_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && !name.contains('/') && !has_control(name);
}

}  // namespace gantry::ftp
