#include <cstdint>
#include <utility>

#include "limits/ban_book.hpp"
#include "state/database.hpp"

namespace gantry::limits {
namespace {

using state::Access;

std::int64_t to_number(WallTime time) { return time.time_since_epoch().count(); }
WallTime to_time(long long number) { return WallTime(Milliseconds(number)); }

class SqlBanBook : public BanBook {
 public:
  explicit SqlBanBook(std::shared_ptr<state::Database> database) : database_(std::move(database)) {}

  Task<Result<void>> record(Ban ban) override {
    co_return co_await database_->run("record ban", Access::write, [ban = std::move(ban)](soci::session& sql) {
      const std::int64_t since = to_number(ban.since);
      const std::int64_t end = to_number(ban.end);
      const int times = static_cast<int>(ban.times);
      sql << "INSERT INTO bans (network, since, ends, times, reason) VALUES (:network, :since, :ends, :times, :reason) "
             "ON CONFLICT (network) DO UPDATE SET since = excluded.since, ends = excluded.ends, "
             "times = excluded.times, reason = excluded.reason",
          soci::use(ban.network), soci::use(since), soci::use(end), soci::use(times), soci::use(ban.reason);
    });
  }

  Task<Result<bool>> remove(std::string network) override {
    co_return co_await database_->run(
        "remove ban", Access::write, [network = std::move(network)](soci::session& sql) -> bool {
          soci::statement removal = (sql.prepare << "DELETE FROM bans WHERE network = :network", soci::use(network));
          removal.execute(true);
          return removal.get_affected_rows() == 1;
        });
  }

  Task<Result<std::vector<Ban>>> list() override {
    co_return co_await database_->run("list bans", Access::read, [](soci::session& sql) {
      std::vector<Ban> all;
      const int most = static_cast<int>(max_bans);
      soci::rowset<soci::row> rows = (sql.prepare << "SELECT network, since, ends, times, reason FROM bans "
                                                     "ORDER BY ends DESC, network LIMIT :most",
                                      soci::use(most));
      for (const soci::row& row : rows)
        all.push_back({.network = row.get<std::string>(0),
                       .since = to_time(row.get<long long>(1)),
                       .end = to_time(row.get<long long>(2)),
                       .times = static_cast<unsigned>(row.get<int>(3)),
                       .reason = row.get<std::string>(4)});
      return all;
    });
  }

  Task<Result<void>> forget(WallTime before) override {
    co_return co_await database_->run("forget bans", Access::write, [limit = to_number(before)](soci::session& sql) {
      sql << "DELETE FROM bans WHERE ends < :limit", soci::use(limit);
    });
  }

 private:
  std::shared_ptr<state::Database> database_;
};

}  // namespace

std::shared_ptr<BanBook> make_sql_ban_book(std::shared_ptr<state::Database> database) {
  return std::make_shared<SqlBanBook>(std::move(database));
}

}  // namespace gantry::limits
