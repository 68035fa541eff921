#include "state/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <string_view>

namespace gantry::state {
namespace {

/// Version 1: processes and the multipart uploads they began. Times are milliseconds since 1970, CRC-64 is hexadecimal
/// (no database has an unsigned 64-bit number).
constexpr auto version_1 = std::to_array<std::string_view>({
    R"(CREATE TABLE nodes (
         id TEXT PRIMARY KEY,
         seen BIGINT NOT NULL))",
    R"(CREATE TABLE uploads (
         ticket TEXT PRIMARY KEY,
         store TEXT NOT NULL,
         owner TEXT NOT NULL,
         object_key TEXT NOT NULL,
         upload_id TEXT NOT NULL,
         state TEXT NOT NULL,
         node TEXT NOT NULL,
         options TEXT NOT NULL,
         doubtful INTEGER NOT NULL,
         began BIGINT NOT NULL,
         since BIGINT NOT NULL))",
    R"(CREATE INDEX uploads_by_name ON uploads (store, owner, object_key))",
    R"(CREATE TABLE upload_parts (
         ticket TEXT NOT NULL REFERENCES uploads (ticket) ON DELETE CASCADE,
         number INTEGER NOT NULL,
         size BIGINT NOT NULL,
         etag TEXT NOT NULL,
         crc64 TEXT NOT NULL,
         PRIMARY KEY (ticket, number)) WITHOUT ROWID)",
});

/// SQLite keeps such a table in the order of its key and in nothing else: half of what each part costs to write.
constexpr std::string_view only_sqlite = " WITHOUT ROWID";

/// Version 2: directory renames under way (vfs::RenamePlans).
constexpr auto version_2 = std::to_array<std::string_view>({
    R"(CREATE TABLE renames (
         ticket TEXT PRIMARY KEY,
         store TEXT NOT NULL,
         owner TEXT NOT NULL,
         source_prefix TEXT NOT NULL,
         target_prefix TEXT NOT NULL,
         phase TEXT NOT NULL,
         node TEXT NOT NULL,
         began BIGINT NOT NULL))",
});

/// Version 3: checksums of objects, hexadecimal. `kept` numbers the objects in the order they came.
constexpr auto version_3 = std::to_array<std::string_view>({
    R"(CREATE TABLE digests (
         store TEXT NOT NULL,
         object_key TEXT NOT NULL,
         etag TEXT NOT NULL,
         algorithm TEXT NOT NULL,
         value TEXT NOT NULL,
         kept BIGINT NOT NULL,
         PRIMARY KEY (store, object_key, algorithm)) WITHOUT ROWID)",
    R"(CREATE INDEX digests_by_age ON digests (kept))",
});

/// Version 4: users (accounts::UserRecords), and of each setting that was given its value as TOML.
constexpr auto version_4 = std::to_array<std::string_view>({
    R"(CREATE TABLE users (
         name TEXT PRIMARY KEY,
         password TEXT NOT NULL,
         created BIGINT NOT NULL,
         changed BIGINT NOT NULL))",
    R"(CREATE TABLE user_settings (
         user_name TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
         setting TEXT NOT NULL,
         value TEXT NOT NULL,
         PRIMARY KEY (user_name, setting)))",
});

/// Version 5: banned networks (limits::BanBook).
constexpr auto version_5 = std::to_array<std::string_view>({
    R"(CREATE TABLE bans (
         network TEXT PRIMARY KEY,
         since BIGINT NOT NULL,
         ends BIGINT NOT NULL,
         times INTEGER NOT NULL,
         reason TEXT NOT NULL))",
});

/// Version 6: how much is in trees with a quota, who works in them, and changes under way (vfs::QuotaBook).
constexpr auto version_6 = std::to_array<std::string_view>({
    R"(CREATE TABLE quota_trees (
         tree TEXT PRIMARY KEY,
         bytes BIGINT NOT NULL,
         files BIGINT NOT NULL,
         known INTEGER NOT NULL,
         due INTEGER NOT NULL,
         changes BIGINT NOT NULL,
         moves BIGINT NOT NULL,
         grown_bytes BIGINT NOT NULL,
         grown_files BIGINT NOT NULL))",
    R"(CREATE TABLE quota_users (
         user_name TEXT PRIMARY KEY,
         tree TEXT NOT NULL))",
    R"(CREATE INDEX quota_users_by_tree ON quota_users (tree))",
    R"(CREATE TABLE quota_changes (
         ticket TEXT PRIMARY KEY,
         tree TEXT NOT NULL,
         node TEXT NOT NULL,
         path TEXT NOT NULL,
         bytes BIGINT NOT NULL,
         files BIGINT NOT NULL,
         moves BIGINT NOT NULL,
         moving INTEGER NOT NULL,
         stale INTEGER NOT NULL,
         resumes TEXT NOT NULL))",
    R"(CREATE INDEX quota_changes_by_tree ON quota_changes (tree))",
});

constexpr std::array<std::span<const std::string_view>, 6> versions{version_1, version_2, version_3,
                                                                    version_4, version_5, version_6};

}  // namespace

Result<void> bring_up_to_date(soci::session& sql) {
  const bool postgresql = sql.get_backend_name() == "postgresql";
  // Several processes may start at once; a SQLite file is locked by the transaction already.
  if (postgresql) sql << "SELECT pg_advisory_xact_lock(7134862915)";
  sql << "CREATE TABLE IF NOT EXISTS gantry_schema (version INTEGER NOT NULL)";
  int version = 0;
  soci::indicator there = soci::i_null;
  sql << "SELECT MAX(version) FROM gantry_schema", soci::into(version, there);
  if (there != soci::i_ok) version = 0;
  if (version > static_cast<int>(versions.size()))
    return fail(Errc::invalid, "state",
                fmt::format("the database has schema version {}, this program knows {} and earlier ones; start the "
                            "program that wrote it, or another database",
                            version, versions.size()));
  for (std::size_t next = static_cast<std::size_t>(version); next < versions.size(); ++next) {
    for (std::string_view statement : versions[next]) {
      if (postgresql && statement.ends_with(only_sqlite)) statement.remove_suffix(only_sqlite.size());
      sql << statement;
    }
    const int made = static_cast<int>(next) + 1;
    sql << "INSERT INTO gantry_schema (version) VALUES (:version)", soci::use(made);
  }
  return {};
}

}  // namespace gantry::state
