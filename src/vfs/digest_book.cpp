#include "vfs/digest_book.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace gantry::vfs {
namespace {

class MemoryDigestBook : public DigestBook {
 public:
  explicit MemoryDigestBook(std::size_t most) : most_(most) {}

  Task<Result<void>> keep(std::string store, ObjectVersion object, digest::Digests digests) override {
    std::lock_guard lock(mutex_);
    const Name name{std::move(store), std::move(object.key)};
    erase(name);
    insert(name, Row{std::move(object.etag), std::move(digests), ++last_});
    while (rows_.size() > most_) erase(Name(by_age_.begin()->second));
    co_return Result<void>();
  }

  Task<Result<digest::Digests>> find(std::string store, ObjectVersion object) override {
    std::lock_guard lock(mutex_);
    const auto row = rows_.find({store, object.key});
    if (row == rows_.end() || row->second.etag != object.etag) co_return digest::Digests();
    co_return row->second.digests;
  }

  Task<Result<void>> forget(std::string store, std::string key) override {
    std::lock_guard lock(mutex_);
    erase({std::move(store), std::move(key)});
    co_return Result<void>();
  }

  Task<Result<void>> moved(std::string store, std::vector<Move> moves) override {
    std::lock_guard lock(mutex_);
    for (Move& move : moves) {
      const Name from{store, std::move(move.from.key)};
      const Name to{store, std::move(move.to.key)};
      auto row = rows_.find(from);
      const bool fits = row != rows_.end() && row->second.etag == move.from.etag;
      Row kept = fits ? row->second : Row();
      if (from != to) erase(to);
      if (!fits) continue;
      erase(from);
      kept.etag = std::move(move.to.etag);
      insert(to, std::move(kept));
    }
    co_return Result<void>();
  }

 private:
  using Name = std::pair<std::string, std::string>;  // store, key
  struct Row {
    std::string etag;
    digest::Digests digests;
    std::uint64_t age = 0;
  };

  void insert(const Name& name, Row row) {
    by_age_[row.age] = name;
    rows_[name] = std::move(row);
  }
  void erase(const Name& name) {
    const auto row = rows_.find(name);
    if (row == rows_.end()) return;
    by_age_.erase(row->second.age);
    rows_.erase(row);
  }

  std::mutex mutex_;
  std::size_t most_;
  std::uint64_t last_ = 0;
  std::map<Name, Row> rows_;
  std::map<std::uint64_t, Name> by_age_;
};

}  // namespace

std::shared_ptr<DigestBook> make_memory_digest_book(std::size_t most) {
  return std::make_shared<MemoryDigestBook>(most);
}

}  // namespace gantry::vfs
