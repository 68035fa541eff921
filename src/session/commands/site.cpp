// SITE: CHMOD, HELP, QUOTA, UTIME. No SITE command reaches what its own row does not allow.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "proto/time_text.hpp"
#include "session/commands/handlers.hpp"
#include "session/dispatch.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using proto::reply;

std::optional<unsigned> parse_mode(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned mode = 0;
  for (char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<unsigned>(c - '0');
  }
  return mode <= 0777 ? std::optional(mode) : std::nullopt;
}

}  // namespace

Answer site(Session& session, std::string argument) {
  return run_sub_command(session, "SITE", site_table(), std::move(argument));
}

Answer site_chmod(Session& session, std::string argument) {
  std::size_t blank = argument.find(' ');
  auto mode = parse_mode(std::string_view(argument).substr(0, blank));
  if (!mode || blank == std::string::npos || blank + 1 == argument.size())
    co_return reply(501, "CHMOD takes an octal mode up to 777 and a path");
  auto path = session.resolve(std::string_view(argument).substr(blank + 1));
  if (!path) co_return refuse(session, path.error());
  auto set = co_await session.state.files->set_mode(*path, *mode);
  if (!set) co_return refuse(session, set.error());
  co_return reply(200, fmt::format("Mode is {:04o}", *mode));
}

Answer site_help(Session& session, std::string) {
  co_return proto::multiline(214, "SITE knows:", help_lines(session, site_table()), "End");
}

Answer site_quota(Session& session, std::string) {
  const auto& quota = session.state.quota;
  if (!quota) co_return proto::multiline(200, "Quota:", {"Bytes: unlimited", "Files: unlimited"}, "End");
  auto use = co_await quota->book->use(quota->tree);
  if (!use) co_return refuse(session, use.error());
  const auto line = [&](std::string_view what, std::uint64_t used, std::uint64_t limit) {
    const std::string so_far = use->known ? fmt::format("{}", used) : "not counted yet";
    if (limit == 0) return fmt::format("{}: {} used, unlimited", what, so_far);
    const std::uint64_t left = limit - std::min(limit, used);
    return fmt::format("{}: {} used, {} allowed{}", what, so_far, limit,
                       use->known ? fmt::format(", {} left", left) : "");
  };
  co_return proto::multiline(
      200, "Quota:",
      {line("Bytes", use->used.bytes, quota->limits.bytes), line("Files", use->used.files, quota->limits.files)},
      "End");
}

Answer site_utime(Session& session, std::string argument) {
  auto parts = proto::parse_site_utime(argument);
  if (!parts) co_return reply(501, "UTIME takes YYYYMMDDHHMM[SS] and a path, or a path, three times and UTC");
  auto path = session.resolve(parts->path);
  if (!path) co_return refuse(session, path.error());
  auto set = co_await session.state.files->set_time(*path, parts->time);
  if (!set) co_return refuse(session, set.error());
  co_return reply(200, "The time is set");
}

}  // namespace gantry::session::commands
