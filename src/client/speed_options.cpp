#include "client/speed_options.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "transfer/rate_limit.hpp"

namespace gantry::client {
namespace {

/// The limiter of this schedule, one for all verbs and jobs that have it.
std::shared_ptr<transfer::RateLimit> limiter_of(const std::string& text, transfer::RateSchedule schedule) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<transfer::RateLimit>> all;
  const std::scoped_lock lock(mutex);
  auto limiter = all[text].lock();
  if (limiter == nullptr) all[text] = limiter = std::make_shared<transfer::RateLimit>(std::move(schedule));
  return limiter;
}

}  // namespace

std::string set_pace(Settings& settings) {
  settings.file.pace = nullptr;
  if (settings.limit.empty()) return "";
  auto schedule = transfer::RateSchedule::parse(settings.limit);
  if (!schedule) return schedule.error().text;
  if (!schedule->limits()) return "";
  const auto limiter = limiter_of(settings.limit, *std::move(schedule));
  settings.file.pace = [limiter](std::size_t bytes, const std::atomic<bool>& stop) { limiter->pace(bytes, stop); };
  return "";
}

transfer::SegmentOptions segment_options(Session& session, const ftp::Connection& connection) {
  return {.connections = session.settings().segments,
          .more = [&session, &connection] { return session.another(connection); },
          .note = [](const std::string& sentence) { fmt::print(stderr, "gantry: {}\n", sentence); }};
}

}  // namespace gantry::client
