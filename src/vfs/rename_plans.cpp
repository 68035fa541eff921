#include "vfs/rename_plans.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace gantry::vfs {
namespace {

class MemoryRenamePlans : public RenamePlans {
 public:
  Task<Result<std::string>> begin(RenamePlan plan) override {
    std::lock_guard lock(mutex_);
    for (const auto& [ticket, other] : plans_)
      if (other.store == plan.store && (touches(other, plan.from) || touches(other, plan.to)))
        co_return fail(Errc::conflict, "rename", "these directories are being renamed");
    plan.ticket = std::to_string(++last_ticket_);
    plan.phase = RenamePhase::looking;
    plan.began = wall_now();
    std::string ticket = plan.ticket;
    plans_.emplace(ticket, std::move(plan));
    co_return ticket;
  }

  Task<Result<void>> advance(std::string ticket, RenamePhase phase) override {
    std::lock_guard lock(mutex_);
    auto plan = plans_.find(ticket);
    if (plan == plans_.end() || abandoned_.contains(ticket))
      co_return fail(Errc::conflict, "record rename", "it is not open");
    plan->second.phase = phase;
    co_return Result<void>();
  }

  Task<Result<void>> forget(std::string ticket) override {
    std::lock_guard lock(mutex_);
    plans_.erase(ticket);
    co_return Result<void>();
  }

  void abandon(std::string ticket) override {
    std::lock_guard lock(mutex_);
    abandoned_.insert(std::move(ticket));
  }

  Task<Result<bool>> touched(std::string store, std::string prefix) override {
    std::lock_guard lock(mutex_);
    co_return std::ranges::any_of(
        plans_, [&](const auto& one) { return one.second.store == store && touches(one.second, prefix); });
  }

  Task<Result<std::vector<RenamePlan>>> adopt(std::string store) override {
    std::lock_guard lock(mutex_);
    std::vector<RenamePlan> adopted;
    for (const auto& [ticket, plan] : plans_)
      if (plan.store == store && abandoned_.erase(ticket) > 0) adopted.push_back(plan);
    co_return adopted;
  }

  Task<Result<std::vector<RenamePlan>>> records(std::string store) override {
    std::lock_guard lock(mutex_);
    std::vector<RenamePlan> all;
    for (const auto& [ticket, plan] : plans_)
      if (plan.store == store) all.push_back(plan);
    co_return all;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, RenamePlan> plans_;
  std::set<std::string> abandoned_;
  std::uint64_t last_ticket_ = 0;
};

bool overlap(std::string_view one, std::string_view other) { return one.starts_with(other) || other.starts_with(one); }

}  // namespace

bool touches(const RenamePlan& plan, std::string_view prefix) {
  return overlap(plan.from, prefix) || overlap(plan.to, prefix);
}

std::shared_ptr<RenamePlans> make_memory_rename_plans() { return std::make_shared<MemoryRenamePlans>(); }

OpenRename::OpenRename(std::shared_ptr<RenamePlans> plans, RenamePlan plan)
    : plans_(std::move(plans)), plan_(std::move(plan)) {}

OpenRename::~OpenRename() {
  if (plans_) plans_->abandon(plan_.ticket);
}

Task<Result<std::shared_ptr<OpenRename>>> OpenRename::begin(std::shared_ptr<RenamePlans> plans, RenamePlan plan) {
  if (plans) {
    auto ticket = co_await plans->begin(plan);
    if (!ticket) co_return fail(std::move(ticket.error()));
    plan.ticket = std::move(*ticket);
  }
  co_return std::shared_ptr<OpenRename>(new OpenRename(std::move(plans), std::move(plan)));
}

Task<Result<void>> OpenRename::advance(RenamePhase phase) {
  if (plans_) {
    auto done = co_await plans_->advance(plan_.ticket, phase);
    if (!done) co_return done;
  }
  plan_.phase = phase;
  co_return Result<void>();
}

Task<void> OpenRename::forget() {
  if (!plans_) co_return;
  auto done = co_await plans_->forget(plan_.ticket);
  if (done) plans_.reset();
}

}  // namespace gantry::vfs
