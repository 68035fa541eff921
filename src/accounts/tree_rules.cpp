#include "accounts/tree_rules.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace gantry::accounts {
namespace {

std::vector<proto::Glob> compile(const std::vector<std::string>& patterns) {
  std::vector<proto::Glob> globs;
  for (const std::string& pattern : patterns) globs.emplace_back(to_lower(pattern), proto::Glob::DotNames::match);
  return globs;
}

bool any_matches(const std::vector<proto::Glob>& globs, std::string_view name) {
  if (globs.empty()) return false;
  const std::string lower = to_lower(name);
  return std::ranges::any_of(globs, [&](const proto::Glob& glob) { return glob.matches(lower); });
}

}  // namespace

TreeRules::TreeRules(Account account)
    : account_(std::move(account)), deny_(compile(account_.deny)), hide_(compile(account_.hide)) {}

bool TreeRules::allows(Permission permission, std::string_view path) const {
  return account_.permissions_at(path).allows(permission);
}

bool TreeRules::allows_throughout(Permission permission, std::string_view path) const {
  const std::string below = path == "/" ? "/" : std::string(path) + "/";
  return allows(permission, path) && std::ranges::all_of(account_.directory_permissions, [&](const auto& own) {
           return !own.first.starts_with(below) || own.second.allows(permission);
         });
}

bool TreeRules::denies(std::string_view path) const {
  if (deny_.empty()) return false;
  return std::ranges::any_of(split(path, '/'),
                             [&](std::string_view name) { return !name.empty() && any_matches(deny_, name); });
}

bool TreeRules::hides(std::string_view name) const { return any_matches(hide_, name); }

}  // namespace gantry::accounts
