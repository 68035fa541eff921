// Two listings side by side. Pure.
#pragma once

#include <algorithm>
#include <string_view>

#include "transfer/tree.hpp"

namespace gantry::transfer {

/// The end of names under which downloads grow.
inline constexpr std::string_view part_suffix = ".part";

/// Null when there is no such name.
[[nodiscard]] inline const ftp::Entry* find_entry(const Listing& listing, std::string_view name) {
  const auto found = std::ranges::lower_bound(listing.entries, name, {}, &ftp::Entry::name);
  return found != listing.entries.end() && found->name == name ? &*found : nullptr;
}

/// Calls visit(a, b) for each name of either in order; null for the side that does not have it.
template <class Visit>
void for_each_pair(const Listing& a, const Listing& b, Visit&& visit) {
  auto left = a.entries.begin();
  auto right = b.entries.begin();
  while (left != a.entries.end() || right != b.entries.end()) {
    const bool take_left = right == b.entries.end() || (left != a.entries.end() && left->name <= right->name);
    const bool take_right = left == a.entries.end() || (right != b.entries.end() && right->name <= left->name);
    visit(take_left ? &*left++ : nullptr, take_right ? &*right++ : nullptr);
  }
}

}  // namespace gantry::transfer
