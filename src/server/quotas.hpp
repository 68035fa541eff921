// How accounts are named in the book of quotas. Must not know: how files are counted.
#pragma once

#include <string>
#include <vector>

#include "accounts/account.hpp"
#include "vfs/quota_book.hpp"

namespace gantry::server {

[[nodiscard]] bool has_quota(const accounts::Account& account);

/// The account's tree: its home and its mounts, one line each. The same for accounts that see the same files.
[[nodiscard]] std::string quota_tree(const accounts::Account& account);

/// The places of a tree that quota_tree() made, less those that lie in another of them: each file is counted once.
[[nodiscard]] std::vector<accounts::Place> places_of_tree(const std::string& tree);

}  // namespace gantry::server
