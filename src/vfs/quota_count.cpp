#include "vfs/quota_count.hpp"

#include <set>

namespace gantry::vfs {
namespace {

bool vanished(const Error& error) { return error.code == Errc::not_found || error.code == Errc::not_directory; }

constexpr int tries = 3;

}  // namespace

Task<Result<QuotaAmount>> count_files(std::shared_ptr<FileSystem> files) {
  QuotaAmount sum;
  std::vector<Path> waiting{Path{}};
  std::set<std::string> seen;  // a link on a disk may lead back to where we come from
  while (!waiting.empty()) {
    const Path directory = std::move(waiting.back());
    waiting.pop_back();
    auto listing = co_await files->list(directory);
    if (!listing && vanished(listing.error())) continue;
    if (!listing) co_return fail(std::move(listing.error()));
    for (;;) {
      if (co_await async::cancelled()) co_return fail(Errc::cancelled, "count files");
      auto page = co_await (*listing)->next();
      if (!page && vanished(page.error())) break;
      if (!page) co_return fail(std::move(page.error()));
      if (page->empty()) break;
      for (const Entry& entry : *page) {
        if (entry.kind == Kind::file) {
          sum.bytes += entry.size;
          ++sum.files;
        } else if (entry.unique.empty() || seen.insert(entry.unique).second) {
          waiting.push_back(directory.child(entry.name));
        }
      }
    }
  }
  co_return sum;
}

Task<Result<QuotaUse>> recount(std::shared_ptr<QuotaBook> book, std::string tree, CountFor reason, QuotaCounter count) {
  for (int i = 0; i < tries; ++i) {
    auto snapshot = co_await book->begin_count(tree, reason);
    if (!snapshot) co_return fail(std::move(snapshot.error()));
    if (!*snapshot) co_return co_await book->use(tree);
    auto counted = co_await count();
    if (!counted) co_return fail(std::move(counted.error()));
    auto taken = co_await book->end_count(tree, **snapshot, *counted);
    if (!taken) co_return fail(std::move(taken.error()));
    if (*taken) co_return co_await book->use(tree);
  }
  co_return fail(Errc::conflict, "count files", "files were renamed all the while");
}

}  // namespace gantry::vfs
