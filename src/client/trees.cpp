#include "client/trees.hpp"

#include <fstream>
#include <map>

namespace gantry::client {
namespace {

using transfer::Direction;
using transfer::Links;

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string last_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

void add_pattern(transfer::Filter& filter, bool include, const std::string& option, const std::string& pattern) {
  if (!filter.add(include, pattern)) throw CLI::ValidationError(option, "\"" + pattern + "\" can match no name");
}

/// Lines "+ pattern" take in, others leave out, with or without "- " before them.
void add_patterns(transfer::Filter& filter, const std::string& option, const std::string& file) {
  std::ifstream in(file);
  if (!in) throw CLI::ValidationError(option, file + " cannot be read");
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const bool include = line.starts_with("+ ");
    add_pattern(filter, include, option, include || line.starts_with("- ") ? line.substr(2) : line);
  }
}

}  // namespace

ftp::Outcome<TwoTrees> two_trees(Session& session, const std::string& from, const std::string& to, bool local_first,
                                 Links links) {
  const bool url_from = session.names_server(from);
  const bool url_to = session.names_server(to);
  if (url_from && url_to)
    return ftp::failed(ftp::Why::usage, "both sides are servers: one of them must be a directory of this machine");
  const bool up = url_to || (local_first && !url_from);
  TwoTrees trees;
  trees.places.direction = up ? Direction::up : Direction::down;
  const std::string local = without_slash(up ? from : to);
  auto place = session.place(!up ? from : to.empty() ? last_name(local) : to);
  if (!place) return ftp::failed(place.error());
  trees.connection = place->connection;
  trees.places.remote = place->path;
  trees.places.local = !local.empty() ? local : place->path == "/" ? "." : last_name(place->path);
  trees.local = transfer::local_tree(trees.places.local, up ? links : Links::skip);
  trees.remote = transfer::remote_tree(*trees.connection, trees.places.remote, up ? Links::skip : links);
  return trees;
}

void add_filter_options(CLI::App& app, transfer::Filter& filter) {
  // Called while words are read, because the order among the three counts.
  app.add_option_function<std::string>(
         "--include", [&filter](const std::string& text) { add_pattern(filter, true, "--include", text); },
         "Take names that match, unless a pattern before this one decides")
      ->trigger_on_parse()
      ->type_name("PATTERN");
  app.add_option_function<std::string>(
         "--exclude", [&filter](const std::string& text) { add_pattern(filter, false, "--exclude", text); },
         "Leave out names that match: \"*.o\", \"/top\", \"build/\", \"a/**/b\"")
      ->trigger_on_parse()
      ->type_name("PATTERN");
  app.add_option_function<std::string>(
         "--exclude-from", [&filter](const std::string& file) { add_patterns(filter, "--exclude-from", file); },
         "Patterns to leave out from a file, one a line; \"+ \" before one takes in")
      ->trigger_on_parse()
      ->type_name("FILE");
}

void add_links_option(CLI::App& app, Links& links) {
  app.add_option("--links", links, "Symbolic links of the source: skip or follow")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, Links>{{"skip", Links::skip}, {"follow", Links::follow}}))
      ->type_name("HOW");
}

}  // namespace gantry::client
