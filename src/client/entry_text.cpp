#include "client/entry_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

#include "base/units.hpp"

namespace gantry::client {
namespace {

char kind_letter(ftp::Kind kind) {
  switch (kind) {
    case ftp::Kind::directory:
      return 'd';
    case ftp::Kind::link:
      return 'l';
    case ftp::Kind::file:
      return '-';
    case ftp::Kind::other:
      break;
  }
  return '?';
}

terminal::Style style_of(ftp::Kind kind) {
  switch (kind) {
    case ftp::Kind::directory:
      return terminal::Style::directory;
    case ftp::Kind::link:
      return terminal::Style::link;
    case ftp::Kind::other:
      return terminal::Style::warning;
    case ftp::Kind::file:
      break;
  }
  return terminal::Style::plain;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

}  // namespace

std::string time_text(const ftp::Entry& entry) {
  if (!entry.modified) return "-";
  const std::time_t seconds = std::chrono::floor<Seconds>(*entry.modified).time_since_epoch().count();
  std::tm parts{};
  const auto* known = entry.exact_time ? ::localtime_r(&seconds, &parts) : ::gmtime_r(&seconds, &parts);
  return known == nullptr ? "-" : fmt::format("{:%Y-%m-%d %H:%M}", parts);
}

std::string size_text(const std::optional<std::uint64_t>& size, bool human) {
  if (!size) return "-";
  return human ? terminal::short_bytes(*size) : fmt::format("{}", *size);
}

terminal::Cell name_cell(const std::string& name, const ftp::Entry& entry) {
  const bool mark = entry.kind == ftp::Kind::directory && !name.ends_with('/');
  return {.text = name, .style = style_of(entry.kind), .tail = mark ? "/" : ""};
}

std::vector<terminal::Cell> long_cells(const std::string& name, const ftp::Entry& entry, bool human) {
  terminal::Cell last = name_cell(name, entry);
  if (!entry.target.empty()) last.tail += " -> " + entry.target;
  const bool has_size = entry.kind != ftp::Kind::directory;
  return {{kind_letter(entry.kind) + entry.permissions},   {or_dash(entry.owner)}, {or_dash(entry.group)},
          {has_size ? size_text(entry.size, human) : "-"}, {time_text(entry)},     std::move(last)};
}

bool wants_colours(const Settings& settings) {
  if (settings.colour != Colour::automatic) return settings.colour == Colour::always;
  return terminal::shows_colours(STDOUT_FILENO);
}

}  // namespace gantry::client
