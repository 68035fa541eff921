#include <algorithm>
#include <map>
#include <mutex>

#include "limits/ban_book.hpp"

namespace gantry::limits {
namespace {

class MemoryBanBook : public BanBook {
 public:
  Task<Result<void>> record(Ban ban) override {
    const std::lock_guard lock(mutex_);
    std::string network = ban.network;
    bans_.insert_or_assign(std::move(network), std::move(ban));
    while (bans_.size() > max_bans)
      bans_.erase(std::ranges::min_element(bans_, {}, [](const auto& one) { return one.second.end; }));
    co_return Result<void>{};
  }

  Task<Result<bool>> remove(std::string network) override {
    const std::lock_guard lock(mutex_);
    co_return bans_.erase(network) > 0;
  }

  Task<Result<std::vector<Ban>>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<Ban> all;
    for (const auto& [network, ban] : bans_) all.push_back(ban);
    std::ranges::sort(all, std::ranges::greater{}, &Ban::end);
    co_return all;
  }

  Task<Result<void>> forget(WallTime before) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(bans_, [before](const auto& one) { return one.second.end < before; });
    co_return Result<void>{};
  }

 private:
  std::mutex mutex_;
  std::map<std::string, Ban> bans_;
};

}  // namespace

std::shared_ptr<BanBook> make_memory_ban_book() { return std::make_shared<MemoryBanBook>(); }

}  // namespace gantry::limits
