#include "state/database.hpp"

#include <fmt/format.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>

#include "state/schema.hpp"

namespace gantry::state {
namespace {

/// How long one statement may wait: for other writers of the file, for the server to answer.
constexpr int patience_seconds = 10;
/// How long a call waits for a connection that another call has.
constexpr int lease_milliseconds = 15'000;

/// A server that did not answer is not asked again for so long: calls that wait in line would each wait for it.
constexpr auto lost_pause = std::chrono::seconds(1);

constexpr std::string_view sqlite_prefix = "sqlite:";

/// What the library says may quote the connection string.
std::string without_password(std::string text, const std::string& parameters) {
  for (std::size_t at = text.find(parameters); !parameters.empty() && at != std::string::npos;
       at = text.find(parameters))
    text.replace(at, parameters.size(), "...");
  return text;
}

std::string with_limits(std::string url) {
  url += url.contains('?') ? '&' : '?';
  return url + fmt::format("connect_timeout={0}&tcp_user_timeout={1}&keepalives_idle={0}", patience_seconds,
                           patience_seconds * 1000);
}

/// A place in the pool, given back when it goes out of scope.
class Lease {
 public:
  explicit Lease(soci::connection_pool& pool) : pool_(pool), taken_(pool.try_lease(position_, lease_milliseconds)) {}
  ~Lease() {
    if (taken_) pool_.give_back(position_);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  [[nodiscard]] bool taken() const { return taken_; }
  [[nodiscard]] soci::session& session() { return pool_.at(position_); }

 private:
  soci::connection_pool& pool_;
  std::size_t position_ = 0;
  bool taken_;
};

}  // namespace

Database::~Database() = default;

Result<std::shared_ptr<Database>> Database::open(DatabaseOptions options, async::BlockingPool& pool) {
  const std::size_t connections = std::max<std::size_t>(options.connections, 1);
  auto database = std::shared_ptr<Database>(new Database(pool, connections));
  database->self_ = database;
  const std::string& location = options.location;
  if (location.starts_with(sqlite_prefix)) {
    database->backend_ = Backend::sqlite;
    database->parameters_ =
        fmt::format("db=\"{}\" timeout={}", location.substr(sqlite_prefix.size()), patience_seconds);
  } else if (location.starts_with("postgresql://") || location.starts_with("postgres://")) {
    database->backend_ = Backend::postgresql;
    database->parameters_ = with_limits(location);
  } else {
    return fail(Errc::invalid, "state", "must begin with sqlite: or postgresql://");
  }
  try {
    database->connections_ = std::make_unique<soci::connection_pool>(connections);
    for (std::size_t i = 0; i < connections; ++i) database->connect(database->connections_->at(i));
  } catch (const std::exception& problem) {
    return fail(Errc::unavailable, "open state database", without_password(problem.what(), database->parameters_));
  }
  Result<void> current;
  auto made =
      database->transact("create schema", Access::write, [&](soci::session& sql) { current = bring_up_to_date(sql); });
  if (!made) return fail(std::move(made.error()));
  if (!current) return fail(std::move(current.error()));
  return database;
}

void Database::connect(soci::session& sql) const {
  if (backend_ == Backend::sqlite) {
    sql.open(soci::sqlite3, parameters_);
    // Readers and the one writer do not wait for each other. What is committed survives the end of the process; a
    // power cut may cost the last moments, never the file: no fsync for each part of an upload.
    sql << "PRAGMA journal_mode = WAL";
    sql << "PRAGMA synchronous = NORMAL";
    sql << "PRAGMA foreign_keys = ON";
  } else {
    sql.open(soci::postgresql, parameters_);
    sql << "SET client_min_messages = warning";
    sql << fmt::format("SET statement_timeout = {}", patience_seconds * 1000);
    sql << fmt::format("SET lock_timeout = {}", patience_seconds * 1000);
  }
}

void Database::attempt(soci::session& sql, Access access, const std::function<void(soci::session&)>& work) const {
  // IMMEDIATE: a transaction that begins by reading and goes on to write could not wait for another writer.
  if (backend_ == Backend::sqlite && access == Access::write)
    sql << "BEGIN IMMEDIATE";
  else
    sql << "BEGIN";
  try {
    work(sql);
    sql << "COMMIT";
  } catch (...) {
    try {
      sql << "ROLLBACK";
    } catch (const soci::soci_error&) {
      // The connection is gone, and the transaction with it.
    }
    throw;
  }
}

Result<void> Database::reconnect(soci::session& sql, const std::string& operation) {
  try {
    sql.close();
    connect(sql);
    return {};
  } catch (const soci::soci_error& lost) {
    lost_until_ = SteadyClock::now() + lost_pause;
    return fail(Errc::unavailable, operation, without_password(lost.what(), parameters_));
  }
}

Result<void> Database::transact(const std::string& operation, Access access,
                                const std::function<void(soci::session&)>& work) {
  Lease lease(*connections_);
  if (!lease.taken()) return fail(Errc::unavailable, operation, "all connections to the state database are busy");
  if (SteadyClock::now() < lost_until_.load())
    return fail(Errc::unavailable, operation, "the state database did not answer a moment ago");
  // A connection that could not be opened anew the last time is none.
  if (lease.session().get_backend() == nullptr)
    if (auto back = reconnect(lease.session(), operation); !back) return back;
  for (bool again : {true, false}) {
    try {
      attempt(lease.session(), access, work);
      return {};
    } catch (const soci::soci_error& problem) {
      const bool lost = problem.get_error_category() == soci::soci_error::connection_error;
      if (again && backend_ == Backend::postgresql && (lost || !lease.session().is_connected())) {
        if (auto back = reconnect(lease.session(), operation); !back) return back;
        continue;
      }
      const std::string text = without_password(problem.what(), parameters_);
      const bool busy = text.contains("locked") || text.contains("lock timeout") || text.contains("serialize");
      return fail(busy ? Errc::conflict : Errc::unavailable, operation, text);
    }
  }
  return fail(Errc::unavailable, operation, "the connection to the state database was lost");
}

}  // namespace gantry::state
