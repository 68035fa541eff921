#include "server/descriptors.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "base/pipe.hpp"

namespace gantry::server {
namespace {

/// Control connection; data connection, or the port that waits for it; file.
constexpr std::uint64_t of_a_session = 3;
/// Listeners, log, state database, timers and wake-ups of lanes, programs that are run.
constexpr std::uint64_t of_the_process = 64;
/// Administrators have these beyond server.max_sessions.
constexpr std::uint64_t extra_sessions = 2;

std::uint64_t beside_sessions(const config::Config& config) {
  std::uint64_t connections = 0;
  std::uint64_t pipes = 0;
  for (const auto& store : config.stores) {
    if (store.type == config::StoreType::s3 || store.type == config::StoreType::cos)
      connections += store.max_connections;
    if (store.type == config::StoreType::local) pipes = 2 * Pipe::most;  // for uploads
  }
  return of_the_process + connections * lanes_of(config) + pipes;
}

}  // namespace

std::size_t lanes_of(const config::Config& config) {
  return config.server.lanes > 0 ? config.server.lanes : std::max(1U, std::thread::hardware_concurrency());
}

bool raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

std::uint64_t sessions_within(const config::Config& config, std::uint64_t descriptors) {
  const std::uint64_t taken = beside_sessions(config);
  return descriptors > taken ? (descriptors - taken) / of_a_session : 0;
}

std::optional<std::string> too_few_descriptors(const config::Config& config, std::uint64_t descriptors) {
  const std::uint64_t wanted = config.server.max_sessions;
  const std::uint64_t enough = sessions_within(config, descriptors);
  if (wanted == 0 || wanted + extra_sessions <= enough) return std::nullopt;
  return fmt::format(
      "server.max_sessions: {} sessions may need {} descriptors; the limit is {}, enough for {}: raise it "
      "(LimitNOFILE= of the service, ulimit -n) or lower the setting",
      wanted, (wanted + extra_sessions) * of_a_session + beside_sessions(config), descriptors,
      enough > extra_sessions ? enough - extra_sessions : 0);
}

}  // namespace gantry::server
