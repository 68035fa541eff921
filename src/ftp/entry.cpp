#include "ftp/entry.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "proto/time_text.hpp"

namespace gantry::ftp {
namespace {

Kind kind_of(std::string_view type) {
  if (equal_ignoring_case(type, "file")) return Kind::file;
  if (equal_ignoring_case(type, "dir") || equal_ignoring_case(type, "cdir") || equal_ignoring_case(type, "pdir"))
    return Kind::directory;
  const std::string lower = to_lower(type);
  return lower.starts_with("os.unix=slink") || lower.starts_with("os.unix=symlink") ? Kind::link : Kind::other;
}

/// "0644" (some servers write "0o644") as "rw-r--r--"; nothing for what is no mode.
std::string permissions_of(std::string_view mode) {
  if (mode.starts_with("0o")) mode.remove_prefix(2);
  if (mode.empty() || mode.size() > 7) return {};
  unsigned bits = 0;
  for (const char digit : mode) {
    if (digit < '0' || digit > '7') return {};
    bits = bits * 8 + static_cast<unsigned>(digit - '0');
  }
  std::string text = "rwxrwxrwx";
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((bits >> (8 - i) & 1) == 0) text[i] = '-';
  return text;
}

/// What the facts of one line said, before it is known which of them win.
struct Facts {
  Entry entry;
  std::string perm;
  bool has_perm = false;
  std::string mode;
};

void take_fact(Facts& facts, std::string_view key, std::string_view value) {
  Entry& entry = facts.entry;
  if (key == "type") {
    entry.kind = kind_of(value);
    const std::size_t target = value.find(':');
    if (entry.kind == Kind::link && target != std::string_view::npos) entry.target = value.substr(target + 1);
    if (equal_ignoring_case(value, "cdir")) entry.name = ".";
    if (equal_ignoring_case(value, "pdir")) entry.name = "..";
  } else if (key == "size") {
    entry.size = parse_number(value);
  } else if (key == "modify") {
    entry.modified = proto::parse_time_val(value);
    entry.exact_time = entry.modified.has_value();
  } else if (key == "perm") {
    facts.perm = value;
    facts.has_perm = true;
  } else if (key == "unix.mode") {
    facts.mode = permissions_of(value);
  } else if (key == "unix.ownername" || (key == "unix.owner" && entry.owner.empty())) {
    entry.owner = value;
  } else if (key == "unix.groupname" || (key == "unix.group" && entry.group.empty())) {
    entry.group = value;
  }
}

}  // namespace

std::optional<Entry> parse_facts(std::string_view line) {
  if (line.size() > longest_listing_line) return std::nullopt;
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos || blank + 1 == line.size()) return std::nullopt;
  Facts facts;
  facts.entry.name = line.substr(blank + 1);
  for (const std::string_view fact : split(line.substr(0, blank), ';')) {
    if (fact.empty()) continue;
    const std::size_t equals = fact.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    take_fact(facts, to_lower(fact.substr(0, equals)), fact.substr(equals + 1));
  }
  facts.entry.permissions = facts.mode.empty() ? facts.perm : facts.mode;
  facts.entry.unreadable = facts.has_perm && facts.entry.kind == Kind::file && !to_lower(facts.perm).contains('r');
  if (facts.entry.kind != Kind::file) facts.entry.size.reset();
  return std::move(facts.entry);
}

bool is_safe_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.contains('/') || has_control(name)) return false;
  // U+0080 to U+009F: U+009B begins an escape sequence as ESC [ does.
  for (std::size_t i = 0; i + 1 < name.size(); ++i)
    if (name[i] == '\xC2' && static_cast<unsigned char>(name[i + 1]) < 0xA0) return false;
  return true;
}

}  // namespace gantry::ftp
