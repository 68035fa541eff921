#include "accounts/permissions.hpp"

#include <array>
#include <utility>

namespace gantry::accounts {
namespace {

/// In the order letters() prints.
constexpr std::array<std::pair<char, Permission>, 10> table{{{'e', Permission::enter},
                                                             {'l', Permission::list},
                                                             {'r', Permission::read},
                                                             {'a', Permission::append},
                                                             {'d', Permission::remove},
                                                             {'f', Permission::rename},
                                                             {'m', Permission::make},
                                                             {'w', Permission::write},
                                                             {'M', Permission::chmod},
                                                             {'T', Permission::set_time}}};

}  // namespace

std::optional<Permissions> Permissions::parse(std::string_view letters) {
  Permissions permissions;
  for (char letter : letters) {
    bool known = false;
    for (const auto& [name, permission] : table) {
      if (name != letter) continue;
      permissions.bits_ = static_cast<std::uint16_t>(permissions.bits_ | std::to_underlying(permission));
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return permissions;
}

bool Permissions::allows(Permission permission) const {
  const auto wanted = std::to_underlying(permission);
  return (bits_ & wanted) == wanted;
}

Permissions& Permissions::operator|=(Permissions other) {
  bits_ = static_cast<std::uint16_t>(bits_ | other.bits_);
  return *this;
}

std::string Permissions::letters() const {
  std::string out;
  for (const auto& [name, permission] : table)
    if (allows(permission)) out += name;
  return out;
}

}  // namespace gantry::accounts
