#include "accounts/account.hpp"

namespace gantry::accounts {

Permissions Account::permissions_at(std::string_view path) const {
  if (directory_permissions.empty()) return permissions;
  for (std::string_view directory = path; directory.size() > 1; directory = directory.substr(0, directory.rfind('/'))) {
    const auto own = directory_permissions.find(std::string(directory));
    if (own != directory_permissions.end()) return own->second;
  }
  return permissions;
}

Permissions Account::permissions_anywhere() const {
  Permissions all = permissions;
  for (const auto& [path, own] : directory_permissions) all |= own;
  return all;
}

}  // namespace gantry::accounts
