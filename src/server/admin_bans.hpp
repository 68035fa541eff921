// The commands about bans.
// Must not know: sockets, the command line, who is banned for what.
#pragma once

#include "server/admin.hpp"

namespace gantry::server {

/// Those that count now: network, since, until (null: for ever), times, reason.
[[nodiscard]] Task<AdminAnswer> list_bans(AdminContext context, json::object arguments);
/// {"network", "for": a duration such as "1h", or none: for ever}
[[nodiscard]] Task<AdminAnswer> add_ban(AdminContext context, json::object arguments);
/// {"network"}
[[nodiscard]] Task<AdminAnswer> remove_ban(AdminContext context, json::object arguments);

}  // namespace gantry::server
