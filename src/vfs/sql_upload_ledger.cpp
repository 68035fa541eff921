#include "vfs/sql_upload_ledger.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <vector>

#include "base/text.hpp"
#include "state/node.hpp"
#include "state/roll.hpp"

namespace gantry::vfs {
namespace {

std::string new_ticket() {
  std::array<char, 16> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  return to_hex({bytes.data(), bytes.size()});
}

std::int64_t now_ms() { return wall_now().time_since_epoch().count(); }
WallTime time_of(std::int64_t milliseconds) { return WallTime(Milliseconds(milliseconds)); }

/// One line for each header of the upload. Values are ASCII without line ends, or the store would refuse them.
std::string encode(const object::PutOptions& options) {
  std::string out = fmt::format("type {}\n", options.content_type);
  if (options.create_only) out += "create-only\n";
  for (const auto& [name, value] : options.metadata) out += fmt::format("meta {} {}\n", name, value);
  return out;
}

object::PutOptions decode_options(std::string_view text) {
  object::PutOptions options;
  for (std::string_view line : split(text, '\n')) {
    if (line.starts_with("type ")) options.content_type = line.substr(5);
    if (line == "create-only") options.create_only = true;
    if (!line.starts_with("meta ")) continue;
    const std::string_view rest = line.substr(5);
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    options.metadata[std::string(rest.substr(0, blank))] = rest.substr(std::min(blank + 1, rest.size()));
  }
  return options;
}

std::string encode(const std::optional<std::uint64_t>& crc64) {
  return crc64 ? fmt::format("{:016x}", *crc64) : std::string();
}

std::optional<std::uint64_t> decode_crc64(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || end.ec != std::errc()) return std::nullopt;
  return value;
}

/// For LIKE: its own characters taken literally.
std::string starting_with(std::string_view prefix) {
  std::string pattern;
  for (char c : prefix) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + '%';
}

/// Those of the upload's parts that follow each other from the first.
std::vector<object::PartInfo> parts_of(soci::session& sql, const std::string& ticket) {
  std::vector<object::PartInfo> parts;
  soci::rowset<soci::row> rows = (sql.prepare << "SELECT number, size, etag, crc64 FROM upload_parts "
                                                 "WHERE ticket = :ticket ORDER BY number",
                                  soci::use(ticket));
  for (const soci::row& row : rows) {
    const auto number = static_cast<std::uint32_t>(row.get<int>(0));
    if (number != parts.size() + 1) break;
    parts.push_back({.number = number,
                     .size = static_cast<std::uint64_t>(row.get<long long>(1)),
                     .etag = row.get<std::string>(2),
                     .crc64 = decode_crc64(row.get<std::string>(3))});
  }
  return parts;
}

/// What upload_of() reads, in its order.
constexpr auto upload_columns = "ticket, upload_id, options, began, since, doubtful";

HeldUpload upload_of(soci::session& sql, const soci::row& row) {
  HeldUpload upload;
  upload.ticket = row.get<std::string>(0);
  upload.upload_id = row.get<std::string>(1);
  upload.options = decode_options(row.get<std::string>(2));
  upload.began = time_of(row.get<long long>(3));
  upload.since = time_of(row.get<long long>(4));
  upload.doubtful = row.get<int>(5) != 0;
  upload.parts = parts_of(sql, upload.ticket);
  return upload;
}

class SqlUploadLedger : public UploadLedger {
 public:
  explicit SqlUploadLedger(std::shared_ptr<state::Database> database) : database_(std::move(database)) {}

  [[nodiscard]] bool outlives_process() const override { return true; }
  Task<Result<std::string>> begin(UploadName name, object::PutOptions options) override;
  Task<Result<void>> begun(std::string ticket, std::string upload_id) override;
  Task<Result<void>> stored(std::string ticket, object::PartInfo part) override;
  Task<Result<void>> joining(std::string ticket) override;
  Task<Result<std::vector<HeldUpload>>> hold(std::string ticket, std::size_t parts) override;
  Task<Result<void>> doom(std::string ticket) override;
  Task<Result<void>> forget(std::string ticket) override;
  void abandon(std::string ticket, std::size_t parts) override;
  Task<Result<std::optional<HeldUpload>>> find(UploadName name) override;
  Task<Result<bool>> is_open(UploadName name) override;
  Task<Result<bool>> take(std::string ticket, std::size_t parts) override;
  Task<Result<std::vector<Shown>>> below(std::string store, std::string owner, std::string prefix) override;
  Task<Result<std::vector<Record>>> records(std::string store) override;
  Task<Result<bool>> knows(std::string store, std::string upload_id) override;
  Task<Result<std::size_t>> adopt() override;

 private:
  struct Abandoned {
    std::string ticket;
    std::size_t parts;
  };

  std::shared_ptr<state::Database> database_;
  std::string node_ = state::this_node();
  std::mutex mutex_;
  std::vector<Abandoned> abandoned_;
};

using state::Access;

Task<Result<std::string>> SqlUploadLedger::begin(UploadName name, object::PutOptions options) {
  co_return co_await database_->run(
      "record upload", Access::write,
      [node = node_, name = std::move(name), text = encode(options)](soci::session& sql) -> std::string {
        const std::string ticket = new_ticket();
        const std::int64_t now = now_ms();
        sql << "INSERT INTO uploads (ticket, store, owner, object_key, upload_id, state, node, options, doubtful, "
               "began, "
               "since) VALUES (:ticket, :store, :owner, :key, '', 'open', :node, :options, 0, :began, :since)",
            soci::use(ticket), soci::use(name.store), soci::use(name.owner), soci::use(name.key), soci::use(node),
            soci::use(text), soci::use(now), soci::use(now);
        return ticket;
      });
}

Error taken_over(const char* operation) {
  return Error{Errc::conflict, operation, "the upload was taken over by another process", {}};
}

/// The statement found the row open and this process's own.
Result<void> mine(const Result<bool>& done, const char* operation) {
  if (!done) return fail(done.error());
  if (!*done) return fail(taken_over(operation));
  return {};
}

bool is_open_here(soci::session& sql, const std::string& node, const std::string& ticket) {
  int open = 0;
  sql << "SELECT COUNT(*) FROM uploads WHERE ticket = :ticket AND state = 'open' AND node = :node", soci::use(ticket),
      soci::use(node), soci::into(open);
  return open > 0;
}

Task<Result<void>> SqlUploadLedger::begun(std::string ticket, std::string upload_id) {
  static constexpr auto operation = "record upload";
  auto done = co_await database_->run(
      operation, Access::write,
      [node = node_, ticket = std::move(ticket), upload_id = std::move(upload_id)](soci::session& sql) -> bool {
        soci::statement update = (sql.prepare << "UPDATE uploads SET upload_id = :id WHERE ticket = :ticket AND "
                                                 "state = 'open' AND node = :node",
                                  soci::use(upload_id), soci::use(ticket), soci::use(node));
        update.execute(true);
        return update.get_affected_rows() == 1;
      });
  co_return mine(done, operation);
}

Task<Result<void>> SqlUploadLedger::stored(std::string ticket, object::PartInfo part) {
  static constexpr auto operation = "record part";
  auto done = co_await database_->run(
      operation, Access::write,
      [node = node_, ticket = std::move(ticket), part = std::move(part)](soci::session& sql) -> bool {
        if (!is_open_here(sql, node, ticket)) return false;
        const int number = static_cast<int>(part.number);
        const auto size = static_cast<long long>(part.size);
        const std::string crc64 = encode(part.crc64);
        sql << "INSERT INTO upload_parts (ticket, number, size, etag, crc64) VALUES (:ticket, :number, :size, :etag, "
               ":crc64) ON CONFLICT (ticket, number) DO UPDATE SET size = excluded.size, etag = excluded.etag, "
               "crc64 = excluded.crc64",
            soci::use(ticket), soci::use(number), soci::use(size), soci::use(part.etag), soci::use(crc64);
        return true;
      });
  co_return mine(done, operation);
}

/// Dooms what is held under the same name as the ticket's upload.
std::vector<HeldUpload> displace(soci::session& sql, const std::string& ticket) {
  std::vector<HeldUpload> displaced;
  soci::rowset<soci::row> rows =
      (sql.prepare << fmt::format("SELECT {} FROM uploads WHERE state = 'held' AND (store, owner, object_key) = "
                                  "(SELECT store, owner, object_key FROM uploads WHERE ticket = :ticket)",
                                  upload_columns),
       soci::use(ticket));
  for (const soci::row& row : rows) displaced.push_back(upload_of(sql, row));
  for (const HeldUpload& upload : displaced)
    sql << "UPDATE uploads SET state = 'doomed' WHERE ticket = :ticket", soci::use(upload.ticket);
  return displaced;
}

/// Open ones that end become held when something of them can be continued, else doomed.
std::vector<HeldUpload> hold_row(soci::session& sql, const std::string& ticket, std::size_t parts) {
  const auto usable = static_cast<int>(std::min(parts, parts_of(sql, ticket).size()));
  std::vector<HeldUpload> displaced;
  if (usable > 0) displaced = displace(sql, ticket);
  const std::string state = usable > 0 ? "held" : "doomed";
  const std::int64_t now = now_ms();
  sql << "DELETE FROM upload_parts WHERE ticket = :ticket AND number > :count", soci::use(ticket), soci::use(usable);
  sql << "UPDATE uploads SET state = :state, since = :since WHERE ticket = :ticket", soci::use(state), soci::use(now),
      soci::use(ticket);
  return displaced;
}

Task<Result<void>> SqlUploadLedger::joining(std::string ticket) {
  static constexpr auto operation = "join upload";
  auto done = co_await database_->run(
      operation, Access::write, [node = node_, ticket = std::move(ticket)](soci::session& sql) -> bool {
        soci::statement update = (sql.prepare << "UPDATE uploads SET doubtful = 1 WHERE ticket = :ticket AND "
                                                 "state = 'open' AND node = :node",
                                  soci::use(ticket), soci::use(node));
        update.execute(true);
        return update.get_affected_rows() == 1;
      });
  co_return mine(done, operation);
}

Task<Result<std::vector<HeldUpload>>> SqlUploadLedger::hold(std::string ticket, std::size_t parts) {
  static constexpr auto operation = "hold upload";
  auto displaced = co_await database_->run(
      operation, Access::write,
      [node = node_, ticket = std::move(ticket), parts](soci::session& sql) -> std::optional<std::vector<HeldUpload>> {
        if (!is_open_here(sql, node, ticket)) return std::nullopt;
        return hold_row(sql, ticket, parts);
      });
  if (!displaced) co_return fail(std::move(displaced.error()));
  if (!*displaced) co_return fail(taken_over(operation));
  co_return std::move(**displaced);
}

Task<Result<void>> SqlUploadLedger::doom(std::string ticket) {
  co_return co_await database_->run("doom upload", Access::write, [ticket = std::move(ticket)](soci::session& sql) {
    sql << "UPDATE uploads SET state = 'doomed' WHERE ticket = :ticket", soci::use(ticket);
  });
}

void SqlUploadLedger::abandon(std::string ticket, std::size_t parts) {
  std::lock_guard lock(mutex_);
  abandoned_.push_back({std::move(ticket), parts});
}

Task<Result<void>> SqlUploadLedger::forget(std::string ticket) {
  co_return co_await database_->run("forget upload", Access::write, [ticket = std::move(ticket)](soci::session& sql) {
    sql << "DELETE FROM upload_parts WHERE ticket = :ticket", soci::use(ticket);
    sql << "DELETE FROM uploads WHERE ticket = :ticket", soci::use(ticket);
  });
}

Task<Result<std::optional<HeldUpload>>> SqlUploadLedger::find(UploadName name) {
  co_return co_await database_->run(
      "find upload", Access::read, [name = std::move(name)](soci::session& sql) -> std::optional<HeldUpload> {
        soci::rowset<soci::row> rows =
            (sql.prepare << fmt::format("SELECT {} FROM uploads WHERE store = :store AND owner = :owner AND "
                                        "object_key = :key AND state = 'held'",
                                        upload_columns),
             soci::use(name.store), soci::use(name.owner), soci::use(name.key));
        for (const soci::row& row : rows) return upload_of(sql, row);
        return std::nullopt;
      });
}

Task<Result<bool>> SqlUploadLedger::is_open(UploadName name) {
  co_return co_await database_->run("find upload", Access::read, [name = std::move(name)](soci::session& sql) -> bool {
    int count = 0;
    sql << "SELECT COUNT(*) FROM uploads WHERE store = :store AND owner = :owner AND object_key = :key AND "
           "state = 'open'",
        soci::use(name.store), soci::use(name.owner), soci::use(name.key), soci::into(count);
    return count > 0;
  });
}

Task<Result<bool>> SqlUploadLedger::take(std::string ticket, std::size_t parts) {
  co_return co_await database_->run(
      "take upload", Access::write,
      [node = node_, ticket = std::move(ticket), count = static_cast<int>(parts)](soci::session& sql) -> bool {
        soci::statement update = (sql.prepare << "UPDATE uploads SET state = 'open', doubtful = 0, node = :node WHERE "
                                                 "ticket = :ticket AND state = 'held'",
                                  soci::use(node), soci::use(ticket));
        update.execute(true);
        if (update.get_affected_rows() != 1) return false;
        sql << "DELETE FROM upload_parts WHERE ticket = :ticket AND number > :count", soci::use(ticket),
            soci::use(count);
        return true;
      });
}

Task<Result<std::vector<UploadLedger::Shown>>> SqlUploadLedger::below(std::string store, std::string owner,
                                                                      std::string prefix) {
  co_return co_await database_->run(
      "list uploads", Access::read,
      [store = std::move(store), owner = std::move(owner), prefix = std::move(prefix)](soci::session& sql) {
        std::vector<Shown> all;
        const std::string pattern = starting_with(prefix);
        soci::rowset<soci::row> rows =
            (sql.prepare << "SELECT ticket, object_key, since FROM uploads WHERE store = :store AND owner = :owner AND "
                            "state = 'held' AND object_key LIKE :pattern ESCAPE '!'",
             soci::use(store), soci::use(owner), soci::use(pattern));
        for (const soci::row& row : rows) {
          Shown shown{.key = row.get<std::string>(1), .safe_size = 0, .since = time_of(row.get<long long>(2))};
          // LIKE of SQLite does not tell cases apart.
          if (!shown.key.starts_with(prefix)) continue;
          for (const auto& part : parts_of(sql, row.get<std::string>(0))) shown.safe_size += part.size;
          all.push_back(std::move(shown));
        }
        // Databases order texts by the language's rules, stores by bytes.
        std::ranges::sort(all, {}, &Shown::key);
        return all;
      });
}

Task<Result<std::vector<UploadLedger::Record>>> SqlUploadLedger::records(std::string store) {
  co_return co_await database_->run("list uploads", Access::read, [store = std::move(store)](soci::session& sql) {
    std::vector<Record> all;
    soci::rowset<soci::row> rows =
        (sql.prepare << fmt::format(
             "SELECT {}, owner, object_key, state FROM uploads WHERE store = :store ORDER BY since", upload_columns),
         soci::use(store));
    for (const soci::row& row : rows) {
      const auto state = row.get<std::string>(8);
      all.push_back({UploadName{store, row.get<std::string>(6), row.get<std::string>(7)}, upload_of(sql, row),
                     state == "held"     ? State::held
                     : state == "doomed" ? State::doomed
                                         : State::open});
    }
    return all;
  });
}

Task<Result<bool>> SqlUploadLedger::knows(std::string store, std::string upload_id) {
  co_return co_await database_->run(
      "find upload", Access::read,
      [store = std::move(store), upload_id = std::move(upload_id)](soci::session& sql) -> bool {
        int count = 0;
        sql << "SELECT COUNT(*) FROM uploads WHERE store = :store AND upload_id = :id", soci::use(store),
            soci::use(upload_id), soci::into(count);
        return count > 0;
      });
}

Task<Result<std::size_t>> SqlUploadLedger::adopt() {
  std::vector<Abandoned> abandoned;
  {
    std::lock_guard lock(mutex_);
    abandoned.swap(abandoned_);
  }
  auto adopted = co_await database_->run(
      "adopt uploads", Access::write, [node = node_, abandoned](soci::session& sql) -> std::size_t {
        state::call_the_roll(sql, node);
        std::vector<std::string> tickets;
        soci::rowset<soci::row> orphans =
            (sql.prepare << "SELECT ticket FROM uploads WHERE state = 'open' AND node NOT "
                            "IN (SELECT id FROM nodes)");
        for (const soci::row& row : orphans) tickets.push_back(row.get<std::string>(0));
        constexpr std::size_t all_parts = 10'000;
        for (const std::string& ticket : tickets) static_cast<void>(hold_row(sql, ticket, all_parts));
        for (const auto& [ticket, parts] : abandoned)
          if (is_open_here(sql, node, ticket)) static_cast<void>(hold_row(sql, ticket, parts));
        return tickets.size() + abandoned.size();
      });
  if (!adopted) {
    std::lock_guard lock(mutex_);
    abandoned_.insert(abandoned_.end(), abandoned.begin(), abandoned.end());
  }
  co_return adopted;
}

}  // namespace

std::shared_ptr<UploadLedger> make_sql_upload_ledger(std::shared_ptr<state::Database> database) {
  return std::make_shared<SqlUploadLedger>(std::move(database));
}

}  // namespace gantry::vfs
