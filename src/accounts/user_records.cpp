#include "accounts/user_records.hpp"

#include <cstdint>
#include <utility>

namespace gantry::accounts {
namespace {

using state::Access;

std::int64_t milliseconds_now() { return wall_now().time_since_epoch().count(); }

WallTime time_of(const soci::row& row, std::size_t column) {
  return WallTime(Milliseconds(row.get<long long>(column)));
}

UserRecord record_of(const soci::row& row) {
  return {.name = row.get<std::string>(0),
          .password = Secret(row.get<std::string>(1)),
          .settings = {},
          .created = time_of(row, 2),
          .changed = time_of(row, 3)};
}

std::map<std::string, std::string> settings_of(soci::session& sql, const std::string& name) {
  std::map<std::string, std::string> settings;
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT setting, value FROM user_settings WHERE user_name = :name", soci::use(name));
  for (const soci::row& row : rows) settings.emplace(row.get<std::string>(0), row.get<std::string>(1));
  return settings;
}

std::optional<UserRecord> find_in(soci::session& sql, const std::string& name) {
  std::optional<UserRecord> found;
  soci::rowset<soci::row> rows =
      (sql.prepare << "SELECT name, password, created, changed FROM users WHERE name = :name", soci::use(name));
  for (const soci::row& row : rows) found = record_of(row);
  if (found) found->settings = settings_of(sql, name);
  return found;
}

void put_settings(soci::session& sql, const std::string& name, const std::map<std::string, std::string>& settings) {
  for (const auto& [setting, value] : settings)
    sql << "INSERT INTO user_settings (user_name, setting, value) VALUES (:name, :setting, :value) "
           "ON CONFLICT (user_name, setting) DO UPDATE SET value = excluded.value",
        soci::use(name), soci::use(setting), soci::use(value);
}

/// False when there is no such user. Of two changes at once the second waits here for the first.
bool note_change(soci::session& sql, const std::string& name) {
  const std::int64_t now = milliseconds_now();
  soci::statement update =
      (sql.prepare << "UPDATE users SET changed = :now WHERE name = :name", soci::use(now), soci::use(name));
  update.execute(true);
  return update.get_affected_rows() > 0;
}

Result<void> unless_missing(Result<bool> there, const std::string& operation, const std::string& name) {
  if (!there) return fail(std::move(there.error()));
  if (!*there) return fail(Errc::not_found, operation, "there is no user " + name + " in the state database");
  return {};
}

}  // namespace

Task<Result<std::optional<UserRecord>>> UserRecords::find(std::string name) {
  co_return co_await database_->run("find user", Access::read,
                                    [name](soci::session& sql) { return find_in(sql, name); });
}

Task<Result<std::vector<UserRecord>>> UserRecords::all() {
  co_return co_await database_->run("list users", Access::read, [](soci::session& sql) {
    std::vector<UserRecord> all;
    soci::rowset<soci::row> rows = (sql.prepare << "SELECT name, password, created, changed FROM users ORDER BY name");
    for (const soci::row& row : rows) all.push_back(record_of(row));
    std::map<std::string, std::map<std::string, std::string>> settings;
    soci::rowset<soci::row> values = (sql.prepare << "SELECT user_name, setting, value FROM user_settings");
    for (const soci::row& row : values)
      settings[row.get<std::string>(0)].emplace(row.get<std::string>(1), row.get<std::string>(2));
    for (UserRecord& record : all) record.settings = std::move(settings[record.name]);
    return all;
  });
}

Task<Result<void>> UserRecords::add(UserRecord record) {
  const std::int64_t now = milliseconds_now();
  auto added = co_await database_->run("add user", Access::write, [record, now](soci::session& sql) {
    const std::string& password = record.password.reveal();
    soci::statement insert =
        (sql.prepare << "INSERT INTO users (name, password, created, changed) VALUES (:name, :password, :now, :now2) "
                        "ON CONFLICT (name) DO NOTHING",
         soci::use(record.name), soci::use(password), soci::use(now), soci::use(now));
    insert.execute(true);
    if (insert.get_affected_rows() == 0) {
      // The answer to the first try may have been lost.
      const auto there = find_in(sql, record.name);
      return there && there->created == WallTime(Milliseconds(now)) && there->password == record.password;
    }
    put_settings(sql, record.name, record.settings);
    return true;
  });
  if (!added) co_return fail(std::move(added.error()));
  if (!*added)
    co_return fail(Errc::already_exists, "add user",
                   "there is a user " + record.name + " in the state database already");
  co_return Result<void>();
}

Task<Result<void>> UserRecords::set(std::string name, std::map<std::string, std::string> settings) {
  auto there = co_await database_->run("change user", Access::write, [name, settings](soci::session& sql) {
    if (!note_change(sql, name)) return false;
    put_settings(sql, name, settings);
    return true;
  });
  co_return unless_missing(std::move(there), "change user", name);
}

Task<Result<void>> UserRecords::set_password(std::string name, Secret password) {
  auto there = co_await database_->run("change password", Access::write, [name, password](soci::session& sql) {
    if (!note_change(sql, name)) return false;
    sql << "UPDATE users SET password = :password WHERE name = :name", soci::use(password.reveal()), soci::use(name);
    return true;
  });
  co_return unless_missing(std::move(there), "change password", name);
}

Task<Result<void>> UserRecords::replace_password(std::string name, Secret before, Secret after) {
  co_return co_await database_->run("replace password", Access::write, [name, before, after](soci::session& sql) {
    sql << "UPDATE users SET password = :after WHERE name = :name AND password = :before", soci::use(after.reveal()),
        soci::use(name), soci::use(before.reveal());
  });
}

Task<Result<void>> UserRecords::remove(std::string name) {
  auto there = co_await database_->run("remove user", Access::write, [name](soci::session& sql) {
    soci::statement statement = (sql.prepare << "DELETE FROM users WHERE name = :name", soci::use(name));
    statement.execute(true);
    return statement.get_affected_rows() > 0;
  });
  co_return unless_missing(std::move(there), "remove user", name);
}

}  // namespace gantry::accounts
