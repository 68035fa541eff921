#include "server/admin_bans.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/text.hpp"
#include "server/ban_exchange.hpp"

namespace gantry::server {
namespace {

/// A server that runs knows bans the book does not have yet, and obeys what it knows.
Task<void> exchange(const AdminContext& context) {
  if (context.control != nullptr) co_await context.control->exchange_bans();
}

json::object describe(const limits::Ban& ban) {
  json::object out{{"network", ban.network}, {"since", time_text(ban.since)}};
  out["until"] = ban.end == limits::never_ends ? json::value() : json::value(json::string(time_text(ban.end)));
  out["times"] = ban.times;
  out["reason"] = json_text(ban.reason);
  return out;
}

}  // namespace

Task<AdminAnswer> list_bans(AdminContext context, json::object) {
  co_await exchange(context);
  const auto bans = co_await current_bans(*context.bans);
  if (!bans) co_return refusal(bans.error());
  json::array all;
  for (const limits::Ban& ban : *bans) all.push_back(describe(ban));
  co_return AdminAnswer{.result = std::move(all)};
}

Task<AdminAnswer> add_ban(AdminContext context, json::object arguments) {
  std::optional<Milliseconds> duration;
  if (const std::string text = text_of(arguments, "for"); !text.empty()) {
    duration = parse_duration(text);
    if (!duration || *duration <= Milliseconds::zero())
      co_return refusal(Exit::usage,
                        fmt::format("\"{}\" is not a duration; write e.g. \"1h\" or \"7d\"", escape_control(text)));
  }
  const auto ban = co_await add_ban(*context.bans, text_of(arguments, "network"), duration, "by hand");
  if (!ban) co_return refusal(ban.error());
  co_await exchange(context);
  co_return AdminAnswer{.result = describe(*ban)};
}

Task<AdminAnswer> remove_ban(AdminContext context, json::object arguments) {
  const std::string network = text_of(arguments, "network");
  co_await exchange(context);
  const auto removed = co_await remove_ban(*context.bans, network);
  if (!removed) co_return refusal(removed.error());
  if (!*removed) co_return refusal(Exit::failed, fmt::format("{} is not banned", escape_control(network)));
  co_await exchange(context);
  co_return AdminAnswer{};
}

}  // namespace gantry::server
