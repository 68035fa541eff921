#include "client/remote_paths.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>

#include "base/text.hpp"

namespace gantry::client {
namespace {

struct Match {
  std::string path;
  std::optional<ftp::Entry> entry{};
};

/// The names of `directory` that `pattern` means.
ftp::Outcome<void> match_in(ftp::Connection& connection, const std::string& directory, const std::string& pattern,
                            std::vector<Match>& found) {
  auto entries = connection.list(directory);
  if (!entries) return ftp::failed(entries.error());
  const auto literal = std::ranges::find(*entries, pattern, &ftp::Entry::name);
  if (literal != entries->end()) {
    found.push_back({join(directory, pattern), *literal});
    return {};
  }
  for (ftp::Entry& entry : *entries)
    if (matches(pattern, entry.name)) found.push_back({join(directory, entry.name), std::move(entry)});
  return {};
}

/// All paths that the pattern `path`, absolute, means.
ftp::Outcome<std::vector<Match>> match_path(ftp::Connection& connection, const std::string& path) {
  std::vector<Match> level{{.path = "/"}};
  for (const std::string_view part : split(std::string_view(path).substr(1), '/')) {
    const std::string name(part);
    std::vector<Match> next;
    for (const Match& at : level) {
      if (!has_pattern(name)) {
        next.push_back({join(at.path, name)});
        continue;
      }
      // What cannot be entered cannot hold a match; other links may be directories.
      const bool leaf = at.entry && at.entry->kind != ftp::Kind::directory && at.entry->kind != ftp::Kind::link;
      if (leaf) continue;
      if (auto listed = match_in(connection, at.path, name, next); !listed && !at.entry)
        return ftp::failed(listed.error());
    }
    level = std::move(next);
  }
  std::ranges::sort(level, {}, &Match::path);
  return level;
}

/// Names made by joining to matches were never seen: "*/config" means the directories that hold one.
void drop_missing(ftp::Connection& connection, std::vector<Match>& found) {
  std::erase_if(found, [&](Match& match) {
    if (match.entry) return false;
    auto entry = connection.stat(match.path);
    if (!entry) return true;
    match.entry = *entry;
    return false;
  });
}

}  // namespace

std::string join(std::string_view directory, std::string_view name) {
  return directory.ends_with('/') ? fmt::format("{}{}", directory, name) : fmt::format("{}/{}", directory, name);
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string url_of(const Place& place) {
  if (!place.bookmark.empty()) return place.bookmark + ":" + place.path;
  std::string path;
  for (const char c : place.path) path += c == '%' ? std::string("%25") : std::string(1, c);
  // The second slash: from the root, wherever the home lies.
  return ftp::to_text(place.connection->site()) + "/" + path;
}

bool has_pattern(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD | FNM_NOESCAPE) == 0;
}

ftp::Outcome<std::vector<Target>> expand(Session& session, const std::string& argument) {
  auto place = session.place(argument);
  if (!place) return ftp::failed(place.error());
  if (!has_pattern(place->path)) return std::vector<Target>{{.place = *place, .shown = argument}};
  auto found = match_path(*place->connection, place->path);
  if (!found) return ftp::failed(found.error());
  drop_missing(*place->connection, *found);
  if (found->empty()) return ftp::failed(ftp::Why::refused, "nothing there matches");
  std::vector<Target> targets;
  for (Match& match : *found) {
    Place at = *place;
    at.path = match.path;
    targets.push_back({.place = at, .shown = match.path, .entry = std::move(match.entry)});
  }
  return targets;
}

ftp::Outcome<ftp::Entry> look(const Target& target) {
  if (target.entry) return *target.entry;
  return target.place.connection->stat(target.place.path);
}

}  // namespace gantry::client
