// The commands about users. Those of the configuration file are shown and never changed.
// Must not know: sockets, the command line.
#pragma once

#include <string>
#include <vector>

#include "server/admin.hpp"

namespace gantry::server {

/// {"name", "password": a hash, "settings": {setting: [word...]}}
[[nodiscard]] Task<AdminAnswer> add_user(AdminContext context, json::object arguments);
/// {"name"}: as list_users shows one.
[[nodiscard]] Task<AdminAnswer> show_user(AdminContext context, json::object arguments);
/// Of the file, then of the database: name, source, kind of password, all settings.
[[nodiscard]] Task<AdminAnswer> list_users(AdminContext context, json::object arguments);
/// {"name", "settings": {setting: [word...]}}
[[nodiscard]] Task<AdminAnswer> set_user(AdminContext context, json::object arguments);
/// {"name", "password": a hash}
[[nodiscard]] Task<AdminAnswer> set_user_password(AdminContext context, json::object arguments);
/// {"name"}
[[nodiscard]] Task<AdminAnswer> remove_user(AdminContext context, json::object arguments);

/// A sentence for each user of the database whom one of the file hides. `users` may be null.
[[nodiscard]] Task<Result<std::vector<std::string>>> hidden_users(std::shared_ptr<const config::Config> config,
                                                                  std::shared_ptr<accounts::UserRecords> users);

}  // namespace gantry::server
