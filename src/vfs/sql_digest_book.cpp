#include "vfs/sql_digest_book.hpp"

#include <utility>

#include "base/text.hpp"

namespace gantry::vfs {
namespace {

using state::Access;

class SqlDigestBook : public DigestBook {
 public:
  SqlDigestBook(std::shared_ptr<state::Database> database, std::int64_t most)
      : database_(std::move(database)), most_(most) {}

  Task<Result<void>> keep(std::string store, ObjectVersion object, digest::Digests digests) override;
  Task<Result<digest::Digests>> find(std::string store, ObjectVersion object) override;
  Task<Result<void>> forget(std::string store, std::string key) override;
  Task<Result<void>> moved(std::string store, std::vector<Move> moves) override;

 private:
  std::shared_ptr<state::Database> database_;
  std::int64_t most_;
};

void erase(soci::session& sql, const std::string& store, const std::string& key) {
  sql << "DELETE FROM digests WHERE store = :store AND object_key = :key", soci::use(store), soci::use(key);
}

Task<Result<void>> SqlDigestBook::keep(std::string store, ObjectVersion object, digest::Digests digests) {
  co_return co_await database_->run(
      "keep checksums", Access::write,
      [store = std::move(store), object = std::move(object), digests = std::move(digests),
       most = most_](soci::session& sql) {
        erase(sql, store, object.key);
        // Two servers may draw the same number: they share a place in the queue then, no more.
        long long number = 0;
        sql << "SELECT COALESCE(MAX(kept), 0) + 1 FROM digests", soci::into(number);
        for (const auto& [algorithm, raw] : digests) {
          const std::string name(digest::name(algorithm));
          const std::string value = to_hex(raw);
          sql << "INSERT INTO digests (store, object_key, etag, algorithm, value, kept) VALUES (:store, :key, :etag, "
                 ":algorithm, :value, :kept) ON CONFLICT (store, object_key, algorithm) DO UPDATE SET "
                 "etag = excluded.etag, value = excluded.value, kept = excluded.kept",
              soci::use(store), soci::use(object.key), soci::use(object.etag), soci::use(name), soci::use(value),
              soci::use(number);
        }
        const long long oldest = number - most;
        sql << "DELETE FROM digests WHERE kept <= :oldest", soci::use(oldest);
      });
}

Task<Result<digest::Digests>> SqlDigestBook::find(std::string store, ObjectVersion object) {
  co_return co_await database_->run(
      "find checksums", Access::read, [store = std::move(store), object = std::move(object)](soci::session& sql) {
        digest::Digests found;
        soci::rowset<soci::row> rows =
            (sql.prepare << "SELECT algorithm, value FROM digests WHERE store = :store AND object_key = :key AND "
                            "etag = :etag",
             soci::use(store), soci::use(object.key), soci::use(object.etag));
        for (const soci::row& row : rows) {
          const auto algorithm = digest::parse_algorithm(row.get<std::string>(0));
          auto raw = digest::from_hex(row.get<std::string>(1));
          if (algorithm && raw) found[*algorithm] = std::move(*raw);
        }
        return found;
      });
}

Task<Result<void>> SqlDigestBook::forget(std::string store, std::string key) {
  co_return co_await database_->run(
      "forget checksums", Access::write,
      [store = std::move(store), key = std::move(key)](soci::session& sql) { erase(sql, store, key); });
}

Task<Result<void>> SqlDigestBook::moved(std::string store, std::vector<Move> moves) {
  co_return co_await database_->run(
      "move checksums", Access::write, [store = std::move(store), moves = std::move(moves)](soci::session& sql) {
        for (const Move& move : moves) {
          if (move.from.key != move.to.key) erase(sql, store, move.to.key);
          sql << "UPDATE digests SET object_key = :to, etag = :to_etag WHERE store = :store AND object_key = :from AND "
                 "etag = :from_etag",
              soci::use(move.to.key), soci::use(move.to.etag), soci::use(store), soci::use(move.from.key),
              soci::use(move.from.etag);
        }
      });
}

}  // namespace

std::shared_ptr<DigestBook> make_sql_digest_book(std::shared_ptr<state::Database> database, std::int64_t most) {
  return std::make_shared<SqlDigestBook>(std::move(database), most);
}

}  // namespace gantry::vfs
