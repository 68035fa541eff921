#include "vfs/quota_book.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "state/node.hpp"
#include "state/roll.hpp"

namespace gantry::vfs {
namespace {

using state::Access;

/// Nothing is promised ahead of what came unless so much stays free: close to the limit every byte counts, and what one
/// upload does not need must not keep another out.
constexpr std::uint64_t scarce = 64 * mib;
constexpr std::uint64_t most_at_first = 8 * mib;
/// The part of what is left that one upload may get ahead: a thousand uploads of unknown length must not take it all.
constexpr std::uint64_t share = 64;

std::string new_ticket() {
  std::array<char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return to_hex({bytes.data(), bytes.size()});
}

long long stored(std::uint64_t value) { return static_cast<long long>(std::min<std::uint64_t>(value, INT64_MAX)); }
std::uint64_t read(long long value) { return static_cast<std::uint64_t>(std::max(value, 0LL)); }

struct Tree {
  long long bytes = 0;
  long long files = 0;
  int known = 0;
  int due = 0;
  long long changes = 0;
  long long moves = 0;
  long long grown_bytes = 0;
  long long grown_files = 0;
};

/// Nobody else begins or settles a change of the tree until the transaction ends (a SQLite file has one writer anyway).
std::optional<Tree> load(soci::session& sql, const std::string& tree, Access access) {
  Tree row;
  std::string query =
      "SELECT bytes, files, known, due, changes, moves, grown_bytes, grown_files FROM quota_trees WHERE tree = :tree";
  if (access == Access::write && sql.get_backend_name() == "postgresql") query += " FOR UPDATE";
  sql << query, soci::use(tree), soci::into(row.bytes), soci::into(row.files), soci::into(row.known),
      soci::into(row.due), soci::into(row.changes), soci::into(row.moves), soci::into(row.grown_bytes),
      soci::into(row.grown_files);
  if (!sql.got_data()) return std::nullopt;
  return row;
}

void store(soci::session& sql, const std::string& tree, const Tree& row) {
  sql << "UPDATE quota_trees SET bytes = :bytes, files = :files, known = :known, due = :due, changes = :changes, "
         "moves = :moves, grown_bytes = :grown_bytes, grown_files = :grown_files WHERE tree = :tree",
      soci::use(row.bytes), soci::use(row.files), soci::use(row.known), soci::use(row.due), soci::use(row.changes),
      soci::use(row.moves), soci::use(row.grown_bytes), soci::use(row.grown_files), soci::use(tree);
}

Tree must_load(soci::session& sql, const std::string& tree) {
  auto row = load(sql, tree, Access::write);
  if (!row) throw soci::soci_error("the tree is not enrolled");
  return *row;
}

struct Change {
  std::string ticket;
  std::string path;
  long long bytes = 0;
  long long moves = 0;
  int moving = 0;
  int stale = 0;
};

std::optional<Change> find_change(soci::session& sql, const std::string& ticket) {
  Change change;
  change.ticket = ticket;
  sql << "SELECT path, bytes, moves, moving, stale FROM quota_changes WHERE ticket = :ticket", soci::use(ticket),
      soci::into(change.path), soci::into(change.bytes), soci::into(change.moves), soci::into(change.moving),
      soci::into(change.stale);
  if (!sql.got_data()) return std::nullopt;
  return change;
}

/// Promised to the changes that run.
QuotaAmount promised(soci::session& sql, const std::string& tree) {
  long long bytes = 0;
  long long files = 0;
  sql << "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT), CAST(COALESCE(SUM(files), 0) AS BIGINT) FROM quota_changes "
         "WHERE tree = :tree",
      soci::use(tree), soci::into(bytes), soci::into(files);
  return {read(bytes), read(files)};
}

/// In buckets, waiting for their owners; less those that a change goes on with, or that one wants to: `resumes`, an
/// upload id. The upload ledger keeps them, so that whatever becomes of them is counted without a word from anybody.
QuotaAmount held(soci::session& sql, const std::string& tree, const std::string& resumes) {
  static constexpr auto of_tree =
      "FROM uploads u {} WHERE u.state = 'held' AND u.owner IN (SELECT user_name FROM quota_users WHERE tree = :a) AND "
      "u.upload_id <> :resumes AND NOT EXISTS "
      "(SELECT 1 FROM quota_changes c WHERE c.tree = :b AND c.resumes = u.upload_id)";
  long long bytes = 0;
  long long files = 0;
  sql << "SELECT CAST(COALESCE(SUM(p.size), 0) AS BIGINT) " +
             fmt::format(of_tree, "JOIN upload_parts p ON p.ticket = u.ticket"),
      soci::use(tree, "a"), soci::use(resumes, "resumes"), soci::use(tree, "b"), soci::into(bytes);
  sql << "SELECT COUNT(*) " + fmt::format(of_tree, ""), soci::use(tree, "a"), soci::use(resumes, "resumes"),
      soci::use(tree, "b"), soci::into(files);
  return {read(bytes), read(files)};
}

QuotaUse use_of(soci::session& sql, const std::string& tree, const Tree& row, const std::string& resumes = {}) {
  const QuotaAmount open = promised(sql, tree);
  const QuotaAmount waiting = held(sql, tree, resumes);
  return {.used = {read(row.bytes) + open.bytes + waiting.bytes, read(row.files) + open.files + waiting.files},
          .known = row.known != 0,
          .due = row.due != 0};
}

std::uint64_t ahead_of(std::uint64_t left, std::uint64_t most) {
  return left < scarce + most ? 0 : std::min(most, left / share);
}

bool fits(const QuotaWish& wish, const QuotaLeft& left) {
  if (wish.files > 0 && left.files && wish.files > *left.files) return false;
  if (!left.bytes) return true;
  if (wish.bytes > 0 && wish.bytes > *left.bytes) return false;
  return !wish.open_ended || wish.bytes > 0 || wish.replaced > 0 || *left.bytes > 0;
}

std::string begin_row(soci::session& sql, const std::string& tree, const std::string& node, const std::string& ticket,
                      const QuotaWish& wish, std::uint64_t bytes) {
  Tree row = must_load(sql, tree);
  if (wish.moving) {
    ++row.moves;
    store(sql, tree, row);
  }
  const long long promise = stored(bytes);
  const long long files = stored(wish.files);
  const int moving = wish.moving ? 1 : 0;
  sql << "INSERT INTO quota_changes (ticket, tree, node, path, bytes, files, moves, moving, stale, resumes) VALUES "
         "(:ticket, :tree, :node, :path, :bytes, :files, :moves, :moving, 0, :resumes)",
      soci::use(ticket), soci::use(tree), soci::use(node), soci::use(wish.path), soci::use(promise), soci::use(files),
      soci::use(row.moves), soci::use(moving), soci::use(wish.resumes);
  return ticket;
}

/// Somebody else has had a hand in what the change replaced: then nobody can say what went.
bool contested(soci::session& sql, const std::string& tree, const Tree& row, const Change& change) {
  if (change.stale != 0 || change.moves != row.moves) return true;
  int others = 0;
  sql << "SELECT COUNT(*) FROM quota_changes WHERE tree = :tree AND path = :path AND ticket <> :ticket",
      soci::use(tree), soci::use(change.path), soci::use(change.ticket), soci::into(others);
  return others > 0;
}

void settle_row(soci::session& sql, const std::string& tree, const std::string& ticket, const QuotaChange& done) {
  auto row = load(sql, tree, Access::write);
  if (!row) return;
  const auto change = find_change(sql, ticket);
  if (!change) {
    // Counted without it, after this process was taken for dead.
    row->due = 1;
    return store(sql, tree, *row);
  }
  if (done.grown != QuotaAmount{} || done.shrunk != QuotaAmount{}) {
    row->bytes += stored(done.grown.bytes);
    row->files += stored(done.grown.files);
    row->grown_bytes += stored(done.grown.bytes);
    row->grown_files += stored(done.grown.files);
    ++row->changes;
    if (contested(sql, tree, *row, *change)) {
      row->due = 1;
    } else {
      row->bytes = std::max(row->bytes - stored(done.shrunk.bytes), 0LL);
      row->files = std::max(row->files - stored(done.shrunk.files), 0LL);
    }
  }
  if (change->moving != 0) ++row->moves;
  store(sql, tree, *row);
  sql << "DELETE FROM quota_changes WHERE ticket = :ticket", soci::use(ticket);
}

void doubt_row(soci::session& sql, const std::string& tree, const std::string& ticket) {
  sql << "UPDATE quota_changes SET node = '' WHERE ticket = :ticket", soci::use(ticket);
  sql << "UPDATE quota_trees SET due = 1 WHERE tree = :tree", soci::use(tree);
}

}  // namespace

QuotaLeft left_of(const QuotaLimits& limits, const QuotaAmount& used) {
  QuotaLeft left;
  if (limits.bytes > 0) left.bytes = limits.bytes - std::min(limits.bytes, used.bytes);
  if (limits.files > 0) left.files = limits.files - std::min(limits.files, used.files);
  return left;
}

QuotaBook::QuotaBook(std::shared_ptr<state::Database> database)
    : database_(std::move(database)), node_(state::this_node()) {}

Task<Result<void>> QuotaBook::enrol(std::string user, std::string tree) {
  co_return co_await database_->run(
      "enrol in quota", Access::write, [user = std::move(user), tree = std::move(tree)](soci::session& sql) {
        sql << "INSERT INTO quota_trees (tree, bytes, files, known, due, changes, moves, grown_bytes, grown_files) "
               "VALUES (:tree, 0, 0, 0, 1, 0, 0, 0, 0) ON CONFLICT (tree) DO NOTHING",
            soci::use(tree);
        sql << "INSERT INTO quota_users (user_name, tree) VALUES (:user, :tree) ON CONFLICT (user_name) DO UPDATE SET "
               "tree = excluded.tree",
            soci::use(user), soci::use(tree);
      });
}

Task<Result<QuotaUse>> QuotaBook::use(std::string tree) {
  co_return co_await database_->run("read quota", Access::read, [tree = std::move(tree)](soci::session& sql) {
    const auto row = load(sql, tree, Access::read);
    return row ? use_of(sql, tree, *row) : QuotaUse{};
  });
}

Task<Result<QuotaAnswer>> QuotaBook::begin(std::string tree, QuotaLimits limits, QuotaWish wish) {
  co_return co_await database_->run(
      "reserve quota", Access::write,
      [node = node_, ticket = new_ticket(), tree = std::move(tree), limits,
       wish = std::move(wish)](soci::session& sql) {
        const Tree row = must_load(sql, tree);
        QuotaAnswer answer;
        answer.use = use_of(sql, tree, row, wish.resumes);
        // Only what takes room waits until the room is known.
        const bool takes = wish.bytes > 0 || wish.files > 0 || wish.open_ended;
        const QuotaLeft left = left_of(limits, answer.use.used);
        if (takes && (row.known == 0 || !fits(wish, left))) return answer;
        answer.promised = wish.bytes;
        if (wish.open_ended && left.bytes) answer.promised += ahead_of(*left.bytes - wish.bytes, most_at_first);
        // The answer to a first try may have been lost.
        answer.ticket = find_change(sql, ticket) ? ticket : begin_row(sql, tree, node, ticket, wish, answer.promised);
        return answer;
      });
}

Task<Result<QuotaAnswer>> QuotaBook::grow(std::string tree, QuotaLimits limits, std::string ticket, std::uint64_t bytes,
                                          std::uint64_t ahead) {
  static constexpr auto operation = "reserve quota";
  auto answer = co_await database_->run(operation, Access::write,
                                        [tree = std::move(tree), limits, ticket = std::move(ticket), bytes,
                                         ahead](soci::session& sql) -> std::optional<QuotaAnswer> {
                                          const Tree row = must_load(sql, tree);
                                          const auto change = find_change(sql, ticket);
                                          if (!change) return std::nullopt;
                                          QuotaAnswer given;
                                          given.use = use_of(sql, tree, row);
                                          const std::uint64_t now = read(change->bytes);
                                          const std::uint64_t more = bytes - std::min(bytes, now);
                                          const auto left = left_of(limits, given.use.used).bytes;
                                          if (left && more > *left) return given;
                                          given.ticket = ticket;
                                          given.promised = std::max(bytes, now);
                                          if (left) given.promised += ahead_of(*left - more, ahead);
                                          const long long promise = stored(given.promised);
                                          sql << "UPDATE quota_changes SET bytes = :bytes WHERE ticket = :ticket",
                                              soci::use(promise), soci::use(ticket);
                                          return given;
                                        });
  if (!answer) co_return fail(std::move(answer.error()));
  if (!*answer) co_return fail(Errc::conflict, operation, "the tree was counted without this change");
  co_return std::move(**answer);
}

void QuotaBook::later(Late late) {
  std::lock_guard lock(mutex_);
  late_.push_back(std::move(late));
}

Task<void> QuotaBook::end(Late late) {
  auto done = co_await database_->run("settle quota", Access::write, [late](soci::session& sql) {
    if (late.change)
      settle_row(sql, late.tree, late.ticket, *late.change);
    else
      doubt_row(sql, late.tree, late.ticket);
  });
  if (done) co_return;
  log::warning("quota", {{"error", done.error().text()}});
  later(std::move(late));
}

Task<void> QuotaBook::settle(std::string tree, std::string ticket, QuotaChange change) {
  return end({std::move(tree), std::move(ticket), change});
}

Task<void> QuotaBook::doubt(std::string tree, std::string ticket) {
  return end({std::move(tree), std::move(ticket), std::nullopt});
}

void QuotaBook::abandon(std::string tree, std::string ticket) {
  later({std::move(tree), std::move(ticket), QuotaChange{}});
}

Task<Result<void>> QuotaBook::adopt() {
  std::vector<Late> late;
  {
    std::lock_guard lock(mutex_);
    late.swap(late_);
  }
  auto called = co_await database_->run("adopt quotas", Access::write, [node = node_](soci::session& sql) {
    state::call_the_roll(sql, node);
    sql << "UPDATE quota_trees SET due = 1 WHERE due = 0 AND tree IN (SELECT tree FROM quota_changes WHERE node NOT IN "
           "(SELECT id FROM nodes))";
  });
  for (Late& one : late) co_await end(std::move(one));
  co_return called;
}

Task<Result<void>> QuotaBook::suspect(std::string store) {
  co_return co_await database_->run("suspect quotas", Access::write, [store = std::move(store)](soci::session& sql) {
    std::vector<std::string> trees;
    soci::rowset<std::string> all = (sql.prepare << "SELECT tree FROM quota_trees WHERE due = 0");
    for (const std::string& tree : all)
      if (tree.contains("\t" + store + ":")) trees.push_back(tree);
    for (const std::string& tree : trees) sql << "UPDATE quota_trees SET due = 1 WHERE tree = :tree", soci::use(tree);
  });
}

Task<Result<std::vector<std::string>>> QuotaBook::due() {
  co_return co_await database_->run("read quotas", Access::read, [](soci::session& sql) {
    std::vector<std::string> trees;
    soci::rowset<std::string> all = (sql.prepare << "SELECT tree FROM quota_trees WHERE due = 1 AND tree IN "
                                                    "(SELECT tree FROM quota_users) ORDER BY tree");
    for (const std::string& tree : all) trees.push_back(tree);
    return trees;
  });
}

Task<Result<std::optional<QuotaSnapshot>>> QuotaBook::begin_count(std::string tree, CountFor reason) {
  co_return co_await database_->run(
      "begin to count", Access::write,
      [node = node_, mark = "counting " + new_ticket(), tree = std::move(tree),
       reason](soci::session& sql) -> std::optional<QuotaSnapshot> {
        state::call_the_roll(sql, node);
        const Tree row = must_load(sql, tree);
        if (reason == CountFor::due && row.due == 0) return std::nullopt;
        // What dead processes have left is in the listing or not: it is dropped with the end of this count.
        sql << "UPDATE quota_changes SET node = :mark WHERE tree = :tree AND node NOT IN (SELECT id FROM nodes)",
            soci::use(mark), soci::use(tree);
        return QuotaSnapshot{.reason = reason,
                             .mark = mark,
                             .changes = row.changes,
                             .moves = row.moves,
                             .grown = {read(row.grown_bytes), read(row.grown_files)}};
      });
}

Task<Result<bool>> QuotaBook::end_count(std::string tree, QuotaSnapshot snapshot, QuotaAmount counted) {
  co_return co_await database_->run(
      "end count", Access::write, [tree = std::move(tree), snapshot, counted](soci::session& sql) -> bool {
        Tree row = must_load(sql, tree);
        // Another count ended first: this one could only add once more what changed since then.
        if (snapshot.reason == CountFor::due && row.due == 0) return true;
        int moving = 0;
        sql << "SELECT COUNT(*) FROM quota_changes WHERE tree = :tree AND moving = 1 AND node <> :mark",
            soci::use(tree), soci::use(snapshot.mark), soci::into(moving);
        // A file that moves while its tree is listed is seen twice, or not at all.
        if (moving > 0 || row.moves != snapshot.moves) return false;
        sql << "DELETE FROM quota_changes WHERE tree = :tree AND node = :mark", soci::use(tree),
            soci::use(snapshot.mark);
        // Of changes that run nobody knows whether the listing has seen them; settled later they only add.
        sql << "UPDATE quota_changes SET stale = 1 WHERE tree = :tree", soci::use(tree);
        row.bytes = stored(counted.bytes) + row.grown_bytes - stored(snapshot.grown.bytes);
        row.files = stored(counted.files) + row.grown_files - stored(snapshot.grown.files);
        row.known = 1;
        int lost = 0;
        sql << "SELECT COUNT(*) FROM quota_changes WHERE tree = :tree AND node NOT IN (SELECT id FROM nodes)",
            soci::use(tree), soci::into(lost);
        row.due = row.changes != snapshot.changes || lost > 0 ? 1 : 0;
        store(sql, tree, row);
        return true;
      });
}

}  // namespace gantry::vfs
