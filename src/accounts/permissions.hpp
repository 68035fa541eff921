// What a user may do, in the letters of pyftpdlib's authorizer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gantry::accounts {

enum class Permission : std::uint16_t {
  none = 0,
  enter = 1 << 0,     ///< e: change directory
  list = 1 << 1,      ///< l
  read = 1 << 2,      ///< r: download
  append = 1 << 3,    ///< a: add to an existing file
  remove = 1 << 4,    ///< d: delete files and directories
  rename = 1 << 5,    ///< f
  make = 1 << 6,      ///< m: make directories
  write = 1 << 7,     ///< w: store files
  chmod = 1 << 8,     ///< M
  set_time = 1 << 9,  ///< T
};

class Permissions {
 public:
  Permissions() = default;
  /// From "elradfmwMT"; nothing when a letter is unknown.
  [[nodiscard]] static std::optional<Permissions> parse(std::string_view letters);
  [[nodiscard]] bool allows(Permission permission) const;
  [[nodiscard]] std::string letters() const;
  /// What either allows.
  Permissions& operator|=(Permissions other);
  bool operator==(const Permissions&) const = default;

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace gantry::accounts
