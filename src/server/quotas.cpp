#include "server/quotas.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "vfs/path.hpp"

namespace gantry::server {
namespace {

/// No path has a tab or a line end, no name of a store a colon.
std::string line_of(std::string_view at, const accounts::Place& place) {
  return fmt::format("{}\t{}:{}\n", at, place.store, place.prefix);
}

bool lies_in(const accounts::Place& one, const accounts::Place& other) {
  const auto inner = vfs::Path::absolute(one.prefix);
  const auto outer = vfs::Path::absolute(other.prefix);
  return one.store == other.store && inner && outer && *inner != *outer && inner->within(*outer);
}

}  // namespace

bool has_quota(const accounts::Account& account) { return account.quota_bytes > 0 || account.quota_files > 0; }

std::string quota_tree(const accounts::Account& account) {
  std::string tree = line_of("/", account.home);
  for (const auto& [at, place] : account.mounts) tree += line_of(at, place);
  return tree;
}

std::vector<accounts::Place> places_of_tree(const std::string& tree) {
  std::vector<accounts::Place> all;
  for (std::string_view line : split(tree, '\n')) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    line.remove_prefix(tab + 1);
    const std::size_t colon = line.find(':');
    accounts::Place place{std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))};
    const bool twice = std::ranges::any_of(
        all, [&](const accounts::Place& one) { return one.store == place.store && one.prefix == place.prefix; });
    if (!twice) all.push_back(std::move(place));
  }
  std::vector<accounts::Place> outermost;
  for (const accounts::Place& one : all)
    if (std::ranges::none_of(all, [&](const accounts::Place& other) { return lies_in(one, other); }))
      outermost.push_back(one);
  return outermost;
}

}  // namespace gantry::server
