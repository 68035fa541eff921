// The state database: SQLite in a file or PostgreSQL, one code path for both, never touched on a lane.
// Must not know: what the tables mean; schema.hpp makes them, the rooms that own them use them.
#pragma once

#include <soci/soci.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "async/blocking.hpp"
#include "async/byte_budget.hpp"

namespace gantry::state {

enum class Backend : std::uint8_t { sqlite, postgresql };

enum class Access : std::uint8_t {
  read,   ///< waits for no writer
  write,  ///< one at a time in a SQLite file
};

struct DatabaseOptions {
  std::string location;         ///< "sqlite:PATH" or "postgresql://..."
  std::size_t connections = 4;  ///< calls at once; more wait for one
};

/// Thread-safe. Outlives nothing: whoever uses it keeps the shared pointer, and the pool outlives both.
class Database {
 public:
  /// Connects and brings the schema up to date. Blocks. Errc::invalid: a location of no known kind or a schema from a
  /// later version; unavailable: the file or server cannot be used. No error holds a password.
  [[nodiscard]] static Result<std::shared_ptr<Database>> open(DatabaseOptions options, async::BlockingPool& pool);
  ~Database();

  [[nodiscard]] Backend backend() const { return backend_; }

  /// Runs `work(soci::session&)`, in one transaction on the blocking pool and gives what it returns. An exception of
  /// the database rolls back: Errc::conflict when others were in the way until the deadline, else unavailable. A lost
  /// connection is opened anew and the work begun again once, so it must do nothing but statements. When that fails,
  /// everybody hears so at once for a moment. Takes a thread of the pool only when a connection is free.
  template <class Work>
  [[nodiscard]] Task<Result<std::invoke_result_t<Work, soci::session&>>> run(std::string operation, Access access,
                                                                             Work work) {
    using Value = std::invoke_result_t<Work, soci::session&>;
    auto keep_alive = self_.lock();
    // Cancelled callers get no turn and go on without one: what they record must be recorded all the same.
    const async::Lease turn = co_await turns_->acquire(1);
    co_return co_await async::run_blocking(pool_, [keep_alive, operation, access, work]() -> Result<Value> {
      if constexpr (std::is_void_v<Value>) {
        return keep_alive->transact(operation, access, work);
      } else {
        std::optional<Value> value;
        auto done = keep_alive->transact(operation, access, [&](soci::session& sql) { value.emplace(work(sql)); });
        if (!done) return fail(std::move(done.error()));
        return std::move(*value);
      }
    });
  }

  /// The same for threads that may block, such as a command line's.
  [[nodiscard]] Result<void> transact(const std::string& operation, Access access,
                                      const std::function<void(soci::session&)>& work);

 private:
  Database(async::BlockingPool& pool, std::size_t connections)
      : pool_(pool), turns_(async::ByteBudget::create(connections)) {}
  void connect(soci::session& sql) const;
  [[nodiscard]] Result<void> reconnect(soci::session& sql, const std::string& operation);
  void attempt(soci::session& sql, Access access, const std::function<void(soci::session&)>& work) const;

  async::BlockingPool& pool_;
  Backend backend_ = Backend::sqlite;
  std::string parameters_;
  std::unique_ptr<soci::connection_pool> connections_;
  std::shared_ptr<async::ByteBudget> turns_;  ///< one byte is the right to one connection
  std::atomic<SteadyClock::time_point> lost_until_{};
  std::weak_ptr<Database> self_;
};

}  // namespace gantry::state
