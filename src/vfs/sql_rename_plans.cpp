#include "vfs/sql_rename_plans.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "state/node.hpp"

namespace gantry::vfs {
namespace {

using state::Access;

std::string new_ticket() {
  std::array<char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return to_hex({bytes.data(), bytes.size()});
}

std::string name_of(RenamePhase phase) {
  if (phase == RenamePhase::looking) return "looking";
  return phase == RenamePhase::copying ? "copying" : "deleting";
}

RenamePhase phase_of(std::string_view name) {
  if (name == "looking") return RenamePhase::looking;
  return name == "copying" ? RenamePhase::copying : RenamePhase::deleting;
}

struct Row {
  RenamePlan plan;
  std::string node;
};

/// All plans of a store; there are never many.
std::vector<Row> rows_of(soci::session& sql, const std::string& store) {
  std::vector<Row> all;
  soci::rowset<soci::row> rows = (sql.prepare << "SELECT ticket, owner, source_prefix, target_prefix, phase, node, "
                                                 "began FROM renames WHERE store = :store ORDER BY began",
                                  soci::use(store));
  for (const soci::row& row : rows)
    all.push_back({.plan = {.ticket = row.get<std::string>(0),
                            .store = store,
                            .owner = row.get<std::string>(1),
                            .from = row.get<std::string>(2),
                            .to = row.get<std::string>(3),
                            .phase = phase_of(row.get<std::string>(4)),
                            .began = WallTime(Milliseconds(row.get<long long>(6)))},
                   .node = row.get<std::string>(5)});
  return all;
}

class SqlRenamePlans : public RenamePlans {
 public:
  explicit SqlRenamePlans(std::shared_ptr<state::Database> database) : database_(std::move(database)) {}

  Task<Result<std::string>> begin(RenamePlan plan) override;
  Task<Result<void>> advance(std::string ticket, RenamePhase phase) override;
  Task<Result<void>> forget(std::string ticket) override;
  void abandon(std::string ticket) override;
  Task<Result<bool>> touched(std::string store, std::string prefix) override;
  Task<Result<std::vector<RenamePlan>>> adopt(std::string store) override;
  Task<Result<std::vector<RenamePlan>>> records(std::string store) override;

 private:
  void opened(const std::string& ticket) {
    std::lock_guard lock(mutex_);
    open_.insert(ticket);
  }
  [[nodiscard]] std::set<std::string> open() {
    std::lock_guard lock(mutex_);
    return open_;
  }

  std::shared_ptr<state::Database> database_;
  std::string node_ = state::this_node();
  std::mutex mutex_;
  std::set<std::string> open_;  ///< what this process follows; what else the book has under its name it gave up
};

/// Two nodes that look at the same time would both find nothing, or the same; a SQLite file has one writer anyway.
void one_at_a_time(soci::session& sql) {
  if (sql.get_backend_name() == "postgresql") sql << "SELECT pg_advisory_xact_lock(7134862916)";
}

Task<Result<std::string>> SqlRenamePlans::begin(RenamePlan plan) {
  plan.ticket = new_ticket();
  opened(plan.ticket);
  auto recorded =
      co_await database_->run("record rename", Access::write, [node = node_, plan](soci::session& sql) -> bool {
        one_at_a_time(sql);
        for (const Row& other : rows_of(sql, plan.store)) {
          if (other.plan.ticket == plan.ticket) return true;  // the answer to the first try was lost
          if (touches(other.plan, plan.from) || touches(other.plan, plan.to)) return false;
        }
        const std::string phase = name_of(RenamePhase::looking);
        const std::int64_t now = wall_now().time_since_epoch().count();
        sql << "INSERT INTO renames (ticket, store, owner, source_prefix, target_prefix, phase, node, began) VALUES "
               "(:ticket, :store, :owner, :source, :target, :phase, :node, :began)",
            soci::use(plan.ticket), soci::use(plan.store), soci::use(plan.owner), soci::use(plan.from),
            soci::use(plan.to), soci::use(phase), soci::use(node), soci::use(now);
        return true;
      });
  // After an error it may be there all the same: then adopt() finds it.
  if (!recorded || !*recorded) abandon(plan.ticket);
  if (!recorded) co_return fail(std::move(recorded.error()));
  if (!*recorded) co_return fail(Errc::conflict, "rename", "these directories are being renamed");
  co_return plan.ticket;
}

Task<Result<void>> SqlRenamePlans::advance(std::string ticket, RenamePhase phase) {
  static constexpr auto operation = "record rename";
  auto done = co_await database_->run(
      operation, Access::write,
      [node = node_, ticket = std::move(ticket), name = name_of(phase)](soci::session& sql) -> bool {
        soci::statement update =
            (sql.prepare << "UPDATE renames SET phase = :phase WHERE ticket = :ticket AND node = :node",
             soci::use(name), soci::use(ticket), soci::use(node));
        update.execute(true);
        return update.get_affected_rows() == 1;
      });
  if (!done) co_return fail(std::move(done.error()));
  if (!*done) co_return fail(Errc::conflict, operation, "the rename was taken over by another process");
  co_return Result<void>();
}

Task<Result<void>> SqlRenamePlans::forget(std::string ticket) {
  auto done = co_await database_->run("forget rename", Access::write, [node = node_, ticket](soci::session& sql) {
    sql << "DELETE FROM renames WHERE ticket = :ticket AND node = :node", soci::use(ticket), soci::use(node);
  });
  if (done) abandon(ticket);
  co_return done;
}

void SqlRenamePlans::abandon(std::string ticket) {
  std::lock_guard lock(mutex_);
  open_.erase(ticket);
}

Task<Result<bool>> SqlRenamePlans::touched(std::string store, std::string prefix) {
  co_return co_await database_->run(
      "find rename", Access::read, [store = std::move(store), prefix = std::move(prefix)](soci::session& sql) -> bool {
        return std::ranges::any_of(rows_of(sql, store), [&](const Row& row) { return touches(row.plan, prefix); });
      });
}

Task<Result<std::vector<RenamePlan>>> SqlRenamePlans::adopt(std::string store) {
  auto adopted = co_await database_->run(
      "adopt renames", Access::write, [node = node_, followed = open(), store](soci::session& sql) {
        one_at_a_time(sql);
        std::vector<Row> all = rows_of(sql, store);
        std::set<std::string> living{node};
        if (!all.empty()) {
          soci::rowset<soci::row> nodes = (sql.prepare << "SELECT id FROM nodes");
          for (const soci::row& row : nodes) living.insert(row.get<std::string>(0));
        }
        std::vector<RenamePlan> mine;
        for (Row& row : all) {
          const bool given_up = row.node == node && !followed.contains(row.plan.ticket);
          if (!given_up && living.contains(row.node)) continue;
          sql << "UPDATE renames SET node = :node WHERE ticket = :ticket", soci::use(node), soci::use(row.plan.ticket);
          mine.push_back(std::move(row.plan));
        }
        return mine;
      });
  if (adopted)
    for (const RenamePlan& plan : *adopted) opened(plan.ticket);
  co_return adopted;
}

Task<Result<std::vector<RenamePlan>>> SqlRenamePlans::records(std::string store) {
  co_return co_await database_->run("list renames", Access::read, [store = std::move(store)](soci::session& sql) {
    std::vector<RenamePlan> all;
    for (Row& row : rows_of(sql, store)) all.push_back(std::move(row.plan));
    return all;
  });
}

}  // namespace

std::shared_ptr<RenamePlans> make_sql_rename_plans(std::shared_ptr<state::Database> database) {
  return std::make_shared<SqlRenamePlans>(std::move(database));
}

}  // namespace gantry::vfs
