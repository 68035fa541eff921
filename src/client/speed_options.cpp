#include "client/speed_options.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "transfer/rate_limit.hpp"

namespace gantry::client {
namespace {

constexpr unsigned most_connections = 64;

/// For CLI11: what is wrong, or nothing.
std::string limit(const std::string& text, Settings& settings) {
  auto schedule = transfer::RateSchedule::parse(text);
  if (!schedule) return schedule.error().text;
  settings.file.pace = nullptr;
  if (!schedule->limits()) return "";
  const auto limiter = std::make_shared<transfer::RateLimit>(std::move(*schedule));
  settings.file.pace = [limiter](std::size_t bytes, const std::atomic<bool>& stop) { limiter->pace(bytes, stop); };
  return "";
}

}  // namespace

void add_speed_options(CLI::App& app, Settings& settings) {
  app.add_option("-P,--parallel", settings.parallel, "Files at once, each over a connection of its own")
      ->check(CLI::Range(1U, most_connections));
  app.add_option("--segments", settings.segments, "Connections for one large file")
      ->check(CLI::Range(1U, most_connections));
  app.add_option_function<std::string>(
         "--limit", [](const std::string&) {},
         "Bytes per second of all transfers together: 5MiB/s, or by local time 08:00-18:00=1MiB/s,otherwise=0")
      ->check(CLI::Validator([&settings](const std::string& text) { return limit(text, settings); }, "RATE"));
}

transfer::SegmentOptions segment_options(Session& session, const ftp::Connection& connection) {
  return {.connections = session.settings().segments,
          .more = [&session, &connection] { return session.another(connection); },
          .note = [](const std::string& sentence) { fmt::print(stderr, "gantry: {}\n", sentence); }};
}

}  // namespace gantry::client
