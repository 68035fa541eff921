// The book of banned addresses, shared by all nodes on one state database.
// Must not know: why somebody is banned (defender.hpp), who looks at the book and when.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

namespace gantry::state {
class Database;
}

namespace gantry::limits {

/// As `end` of a ban: for ever.
inline constexpr WallTime never_ends{std::chrono::sys_days{std::chrono::year{9999} / 12 / 31}};

struct Ban {
  std::string network{};  ///< spelt as canonical_network() does
  WallTime since{};
  WallTime end{};      ///< one that is over is kept for a while: the next lasts longer
  unsigned times = 1;  ///< how often the network was banned
  std::string reason{};
};

/// Thread-safe. Errors: unavailable, or conflict as the database says.
class BanBook {
 public:
  /// A book that grew past this shows the bans that end last.
  static constexpr std::size_t max_bans = 10'000;

  virtual ~BanBook() = default;
  /// Replaces an earlier ban of the same network.
  [[nodiscard]] virtual Task<Result<void>> record(Ban ban) = 0;
  /// Whether there was one.
  [[nodiscard]] virtual Task<Result<bool>> remove(std::string network) = 0;
  /// By their end, last first.
  [[nodiscard]] virtual Task<Result<std::vector<Ban>>> list() = 0;
  /// Removes the bans that ended before.
  [[nodiscard]] virtual Task<Result<void>> forget(WallTime before) = 0;
};

/// Lost with the process.
[[nodiscard]] std::shared_ptr<BanBook> make_memory_ban_book();
/// Keeps the database open as long as it lives.
[[nodiscard]] std::shared_ptr<BanBook> make_sql_ban_book(std::shared_ptr<state::Database> database);

}  // namespace gantry::limits
