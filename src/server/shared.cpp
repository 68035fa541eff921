#include "server/shared.hpp"

#include "base/cidr.hpp"
#include "server/quotas.hpp"

namespace gantry::server {
namespace {

/// Blocking calls that may wait for a thread; beyond that callers are told to come back.
constexpr std::size_t max_queued_calls = 4096;

std::vector<Cidr> to_networks(const std::vector<std::string>& texts) {
  std::vector<Cidr> networks;
  for (const std::string& text : texts)
    if (auto network = Cidr::parse(text)) networks.push_back(*network);
  return networks;
}

limits::DefenderRules defender_rules(const config::Config& config) {
  const config::Defender& settings = config.defender;
  return {.enabled = settings.enabled,
          .threshold = settings.threshold,
          .ban_time = settings.ban_time,
          .ban_time_max = settings.ban_time_max,
          .allow = to_networks(settings.allow),
          .deny = to_networks(settings.deny)};
}

limits::Rates rates_of(const config::Config& config) {
  return {.upload = config.server.max_upload, .download = config.server.max_download};
}

}  // namespace

limits::UserRates rates_of(const accounts::Account& account) {
  return {.together = {.upload = account.max_upload, .download = account.max_download},
          .session = {.upload = account.max_session_upload, .download = account.max_session_download}};
}

Shared::Shared(const config::Config& config)
    : blocking(config.server.blocking_threads, max_queued_calls),
      budget(async::ByteBudget::create(config.server.memory_budget)),
      passive_ports(std::make_shared<PassivePorts>(config.server.passive_ports)),
      session_limits(config.server.max_sessions, config.server.max_sessions_per_ip),
      defender(defender_rules(config)),
      speeds(rates_of(config)) {}

std::shared_ptr<const Generation> Shared::generation() const {
  std::lock_guard lock(mutex_);
  return generation_;
}

void Shared::replace(std::shared_ptr<const Generation> generation) {
  std::lock_guard lock(mutex_);
  generation_ = std::move(generation);
}

void Shared::obey(const config::Config& config) {
  session_limits.set_limits(config.server.max_sessions, config.server.max_sessions_per_ip);
  defender.set_rules(defender_rules(config));
  speeds.change_server(rates_of(config));
}

Task<void> Shared::follow_user_rates() {
  auto source = generation()->users;
  for (const std::string& name : speeds.users()) {
    auto account = co_await source->find(name);
    // Gone, or not to be told now: who is there keeps what he has.
    if (account && *account) speeds.change(name, rates_of(**account));
  }
}

std::optional<vfs::Quota> Shared::quota(const accounts::Account& account) const {
  if (!has_quota(account)) return std::nullopt;
  return vfs::Quota{quotas, quota_tree(account), {account.quota_bytes, account.quota_files}};
}

}  // namespace gantry::server
