#include "state/roll.hpp"

#include <cstdint>
#include <vector>

#include "base/units.hpp"
#include "state/node.hpp"

namespace gantry::state {
namespace {

/// A node that was not heard of for so long is gone, wherever it ran.
constexpr auto longest_silence = std::chrono::seconds(60);

}  // namespace

void call_the_roll(soci::session& sql, const std::string& node) {
  const std::int64_t now = wall_now().time_since_epoch().count();
  sql << "INSERT INTO nodes (id, seen) VALUES (:id, :seen) ON CONFLICT (id) DO UPDATE SET seen = excluded.seen",
      soci::use(node), soci::use(now);
  std::vector<std::string> gone;
  const std::int64_t oldest = now - Milliseconds(longest_silence).count();
  soci::rowset<soci::row> others = (sql.prepare << "SELECT id, seen FROM nodes WHERE id <> :id", soci::use(node));
  for (const soci::row& row : others)
    if (row.get<long long>(1) < oldest || node_is_gone(row.get<std::string>(0)))
      gone.push_back(row.get<std::string>(0));
  for (const std::string& one : gone) sql << "DELETE FROM nodes WHERE id = :id", soci::use(one);
}

}  // namespace gantry::state
