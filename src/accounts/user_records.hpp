// The users of the state database, as they are kept there.
// Must not know: what the settings mean, who reads them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "base/units.hpp"
#include "state/database.hpp"

namespace gantry::accounts {

struct UserRecord {
  std::string name;
  Secret password;                              ///< a hash
  std::map<std::string, std::string> settings;  ///< those that were given, by name, as text
  WallTime created{};
  WallTime changed{};
};

/// Thread-safe; nothing is remembered between calls. Errors besides those named: Errc::unavailable, conflict.
class UserRecords {
 public:
  explicit UserRecords(std::shared_ptr<state::Database> database) : database_(std::move(database)) {}

  [[nodiscard]] Task<Result<std::optional<UserRecord>>> find(std::string name);
  /// By name.
  [[nodiscard]] Task<Result<std::vector<UserRecord>>> all();
  /// The times of `record` do not count. Errc::already_exists.
  [[nodiscard]] Task<Result<void>> add(UserRecord record);
  /// Leaves the settings that are not among them as they are. Errc::not_found.
  [[nodiscard]] Task<Result<void>> set(std::string name, std::map<std::string, std::string> settings);
  /// Errc::not_found.
  [[nodiscard]] Task<Result<void>> set_password(std::string name, Secret password);
  /// Only where it still is `before`.
  [[nodiscard]] Task<Result<void>> replace_password(std::string name, Secret before, Secret after);
  /// Errc::not_found.
  [[nodiscard]] Task<Result<void>> remove(std::string name);

 private:
  std::shared_ptr<state::Database> database_;
};

}  // namespace gantry::accounts
