#include "server/shared.hpp"

#include "server/quotas.hpp"

namespace gantry::server {
namespace {

/// Blocking calls that may wait for a thread; beyond that callers are told to come back.
constexpr std::size_t max_queued_calls = 4096;

void set_rate(std::shared_ptr<limits::RateLimiter>& limiter, std::uint64_t bytes_per_second) {
  if (limiter)
    limiter->set_rate(bytes_per_second);
  else if (bytes_per_second > 0)
    limiter = std::make_shared<limits::RateLimiter>(bytes_per_second);
}

}  // namespace

Shared::Shared(const config::Config& config)
    : blocking(config.server.blocking_threads, max_queued_calls),
      budget(async::ByteBudget::create(config.server.memory_budget)),
      passive_ports(std::make_shared<PassivePorts>(config.server.passive_ports)),
      session_limits(config.server.max_sessions, config.server.max_sessions_per_ip) {}

std::shared_ptr<const Generation> Shared::generation() const {
  std::lock_guard lock(mutex_);
  return generation_;
}

void Shared::replace(std::shared_ptr<const Generation> generation) {
  std::lock_guard lock(mutex_);
  generation_ = std::move(generation);
}

session::SpeedLimits Shared::speed_limits(const accounts::Account& account) {
  std::lock_guard lock(mutex_);
  // One limiter an account, kept while the process lives: all its sessions share it.
  session::SpeedLimits& limits = speed_[account.name];
  set_rate(limits.upload, account.max_upload);
  set_rate(limits.download, account.max_download);
  return limits;
}

std::optional<vfs::Quota> Shared::quota(const accounts::Account& account) const {
  if (!has_quota(account)) return std::nullopt;
  return vfs::Quota{quotas, quota_tree(account), {account.quota_bytes, account.quota_files}};
}

}  // namespace gantry::server
