#include "vfs/upload_ledger.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

namespace gantry::vfs {
namespace {

class MemoryUploadLedger : public UploadLedger {
 public:
  [[nodiscard]] bool outlives_process() const override { return false; }

  Task<Result<std::string>> begin(UploadName name, object::PutOptions options) override {
    std::lock_guard lock(mutex_);
    std::string ticket = std::to_string(++last_ticket_);
    Row row;
    row.name = std::move(name);
    row.upload.ticket = ticket;
    row.upload.options = std::move(options);
    row.upload.began = row.upload.since = wall_now();
    rows_.emplace(ticket, std::move(row));
    co_return ticket;
  }

  Task<Result<void>> begun(std::string ticket, std::string upload_id) override {
    std::lock_guard lock(mutex_);
    Row* row = open_row(ticket);
    if (row == nullptr) co_return fail(Errc::conflict, "record upload", "it is not open");
    row->upload.upload_id = std::move(upload_id);
    co_return Result<void>();
  }

  Task<Result<void>> stored(std::string ticket, object::PartInfo part) override {
    std::lock_guard lock(mutex_);
    Row* row = open_row(ticket);
    if (row == nullptr) co_return fail(Errc::conflict, "record part", "it is not open");
    row->stored[part.number] = std::move(part);
    co_return Result<void>();
  }

  Task<Result<void>> joining(std::string ticket) override {
    std::lock_guard lock(mutex_);
    Row* row = open_row(ticket);
    if (row == nullptr) co_return fail(Errc::conflict, "join upload", "it is not open");
    row->upload.doubtful = true;
    co_return Result<void>();
  }

  Task<Result<std::vector<HeldUpload>>> hold(std::string ticket, std::size_t parts) override {
    std::lock_guard lock(mutex_);
    Row* row = open_row(ticket);
    if (row == nullptr) co_return fail(Errc::conflict, "hold upload", "it is not open");
    co_return hold_row(*row, parts);
  }

  Task<Result<void>> doom(std::string ticket) override {
    std::lock_guard lock(mutex_);
    if (auto row = rows_.find(ticket); row != rows_.end()) row->second.state = State::doomed;
    co_return Result<void>();
  }

  Task<Result<void>> forget(std::string ticket) override {
    std::lock_guard lock(mutex_);
    rows_.erase(ticket);
    co_return Result<void>();
  }

  void abandon(std::string ticket, std::size_t parts) override {
    std::lock_guard lock(mutex_);
    if (Row* row = open_row(ticket)) static_cast<void>(hold_row(*row, parts));
  }

  Task<Result<std::optional<HeldUpload>>> find(UploadName name) override {
    std::lock_guard lock(mutex_);
    for (const auto& [ticket, row] : rows_)
      if (row.state == State::held && row.name == name) co_return row.upload;
    co_return std::optional<HeldUpload>();
  }

  Task<Result<bool>> is_open(UploadName name) override {
    std::lock_guard lock(mutex_);
    co_return std::ranges::any_of(
        rows_, [&](const auto& one) { return one.second.state == State::open && one.second.name == name; });
  }

  Task<Result<bool>> take(std::string ticket, std::size_t parts) override {
    std::lock_guard lock(mutex_);
    auto row = rows_.find(ticket);
    if (row == rows_.end() || row->second.state != State::held) co_return false;
    cut(row->second, parts);
    row->second.state = State::open;
    row->second.upload.doubtful = false;
    co_return true;
  }

  Task<Result<std::vector<Shown>>> below(std::string store, std::string owner, std::string prefix) override {
    std::lock_guard lock(mutex_);
    std::vector<Shown> all;
    for (const auto& [ticket, row] : rows_) {
      const UploadName& name = row.name;
      if (row.state == State::held && name.store == store && name.owner == owner && name.key.starts_with(prefix))
        all.push_back({name.key, row.upload.safe_size(), row.upload.since});
    }
    std::ranges::sort(all, {}, &Shown::key);
    co_return all;
  }

  Task<Result<std::vector<Record>>> records(std::string store) override {
    std::lock_guard lock(mutex_);
    std::vector<Record> all;
    for (const auto& [ticket, row] : rows_)
      if (row.name.store == store) all.push_back({row.name, row.upload, row.state});
    std::ranges::sort(all, {}, [](const Record& one) { return one.upload.since; });
    co_return all;
  }

  Task<Result<bool>> knows(std::string store, std::string upload_id) override {
    std::lock_guard lock(mutex_);
    co_return std::ranges::any_of(rows_, [&](const auto& one) {
      return one.second.name.store == store && one.second.upload.upload_id == upload_id;
    });
  }

  /// What is in this book belongs to this process, which lives.
  Task<Result<std::size_t>> adopt() override { co_return std::size_t{0}; }

 private:
  struct Row {
    UploadName name;
    State state = State::open;
    HeldUpload upload;
    std::map<std::uint32_t, object::PartInfo> stored;
  };

  Row* open_row(const std::string& ticket) {
    auto row = rows_.find(ticket);
    return row == rows_.end() || row->second.state != State::open ? nullptr : &row->second;
  }

  static void cut(Row& row, std::size_t parts) {
    row.upload.parts.clear();
    for (const auto& [number, part] : row.stored) {
      if (number > parts || number != row.upload.parts.size() + 1) break;
      row.upload.parts.push_back(part);
    }
    row.stored.erase(row.stored.upper_bound(static_cast<std::uint32_t>(row.upload.parts.size())), row.stored.end());
  }

  std::vector<HeldUpload> hold_row(Row& row, std::size_t parts) {
    cut(row, parts);
    std::vector<HeldUpload> displaced;
    for (auto& [ticket, other] : rows_) {
      if (row.upload.parts.empty() || other.state != State::held || other.name != row.name) continue;
      other.state = State::doomed;
      displaced.push_back(other.upload);
    }
    row.state = row.upload.parts.empty() ? State::doomed : State::held;
    row.upload.since = wall_now();
    return displaced;
  }

  std::mutex mutex_;
  std::map<std::string, Row> rows_;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace

std::uint64_t HeldUpload::safe_size() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts) sum += part.size;
  return sum;
}

std::shared_ptr<UploadLedger> make_memory_upload_ledger() { return std::make_shared<MemoryUploadLedger>(); }

}  // namespace gantry::vfs
