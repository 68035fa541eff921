// What an account may do where in its tree: rights by directory, names that cannot be used, names that are not shown.
// The decisions only; vfs::RulesFileSystem applies them. Must not know: storage, FTP verbs.
#pragma once

#include <string_view>
#include <vector>

#include "accounts/account.hpp"
#include "proto/glob.hpp"

namespace gantry::accounts {

/// Paths are absolute FTP paths as vfs::Path::text() gives them. Patterns are shell patterns of one name; letter case
/// does not count in them (ASCII), or A.EXE would pass where *.exe is denied.
class TreeRules {
 public:
  explicit TreeRules(Account account);

  [[nodiscard]] bool allows(Permission permission, std::string_view path) const;
  /// Everywhere below `path`, too: for what moves a whole tree.
  [[nodiscard]] bool allows_throughout(Permission permission, std::string_view path) const;
  /// A name on the path cannot be used.
  [[nodiscard]] bool denies(std::string_view path) const;
  /// Listings leave the name out; whoever knows it may use it.
  [[nodiscard]] bool hides(std::string_view name) const;
  /// May what exists be destroyed?
  [[nodiscard]] bool may_destroy() const { return account_.delete_enable; }
  /// Uploads make new files and nothing else: strangers share the drop box.
  [[nodiscard]] bool only_new_files() const { return account_.anonymous; }

 private:
  Account account_;
  std::vector<proto::Glob> deny_;
  std::vector<proto::Glob> hide_;
};

}  // namespace gantry::accounts
