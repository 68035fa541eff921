// ~/.netrc: user names and passwords of servers, as ftp and curl read it. Must not know: servers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace gantry::client {

/// The password of `user` on `host` in a file's text; an entry without a login is for everybody, `default` for every
/// host. The first that fits counts.
[[nodiscard]] std::optional<Secret> netrc_password(std::string_view text, std::string_view host, std::string_view user);

}  // namespace gantry::client
