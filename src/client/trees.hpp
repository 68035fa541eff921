// What verbs on whole trees share: which argument is the tree here and which the server's, and patterns for names.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "client/session.hpp"
#include "transfer/copies.hpp"

namespace gantry::client {

/// A tree of this machine and one of a server; `places.direction` is from the first argument to the second.
struct TwoTrees {
  transfer::MirrorPlaces places;
  ftp::Connection* connection = nullptr;
  std::unique_ptr<transfer::Tree> local;
  std::unique_ptr<transfer::Tree> remote;

  [[nodiscard]] bool up() const { return places.direction == transfer::Direction::up; }
};

/// The URL is the server's; without one the first argument is, or the second with `local_first`. An empty `to` is the
/// last name of the other tree, in the current directory. `links` counts for the tree named first.
[[nodiscard]] ftp::Outcome<TwoTrees> two_trees(Session& session, const std::string& from, const std::string& to,
                                               bool local_first, transfer::Links links);

/// --include, --exclude, --exclude-from; `filter` must live as long as `app`.
void add_filter_options(CLI::App& app, transfer::Filter& filter);
/// --links.
void add_links_option(CLI::App& app, transfer::Links& links);

}  // namespace gantry::client
