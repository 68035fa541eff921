#include "vfs/local_combine.hpp"

#include "base/log.hpp"
#include "vfs/background.hpp"
#include "vfs/local_draft.hpp"
#include "vfs/local_operations.hpp"
#include "vfs/local_streams.hpp"

namespace gantry::vfs {
namespace {

using async::run_blocking;

/// A source as it was when the joining began.
struct Source {
  Path path;
  std::string unique;
  std::uint64_t size = 0;
};

struct Joining {
  std::shared_ptr<LocalRoot> root;
  std::shared_ptr<LocalDraft> draft;
  std::vector<Source> sources;
};

Result<std::vector<Source>> look_at(const LocalRoot& root, const std::vector<Path>& paths) {
  std::vector<Source> sources;
  for (const Path& path : paths) {
    auto plain = open_plain_file(root, path);
    if (!plain) return fail(std::move(plain.error()));
    Entry entry = root.describe({}, plain->status);
    sources.push_back({path, std::move(entry.unique), entry.size});
  }
  return sources;
}

Result<Joining> begin(const std::shared_ptr<LocalRoot>& root, const Path& target, const std::vector<Path>& paths,
                      const CombineOptions& options) {
  auto sources = look_at(*root, paths);
  if (!sources) return fail(std::move(sources.error()));
  std::uint64_t size = 0;
  for (const Source& source : *sources) size += source.size;
  if (size > options.most) return fail(Errc::too_large, "combine", target.text());
  auto draft = LocalDraft::open(root, target, {.expected_size = size, .existing = options.existing});
  if (!draft) return fail(std::move(draft.error()));
  return Joining{root, std::move(*draft), std::move(*sources)};
}

Result<void> check_unchanged(const LocalRoot& root, const Source& source, const Result<struct ::stat>& now) {
  if (now && root.describe({}, *now).unique == source.unique) return {};
  return fail(Errc::conflict, "combine", source.path.text() + ": changed meanwhile");
}

Result<void> keep(const LocalRoot& root, LocalDraft& draft, const Source& source) {
  auto plain = open_plain_file(root, source.path);
  if (!plain) return fail(std::move(plain.error()));
  if (auto same = check_unchanged(root, source, plain->status); !same) return same;
  draft.keep_from(std::move(plain->file), source.size);
  return {};
}

Result<Entry> publish(const Joining& joining) {
  for (const Source& source : joining.sources) {
    auto same = check_unchanged(*joining.root, source, joining.root->status(source.path));
    if (!same) return fail(std::move(same.error()));
  }
  return joining.draft->publish();
}

/// Of a source whose bytes are in the new file.
Result<void> remove(const LocalRoot& root, const Source& source) {
  const auto now = root.status(source.path);
  if (!now && now.error().code == Errc::not_found) return {};
  if (auto same = check_unchanged(root, source, now); !same) return same;
  return local::remove_file(root, source.path);
}

/// Not to be cancelled: what is published is finished.
Task<Result<Combined>> finish(async::BlockingPool* pool, std::shared_ptr<Joining> joining) {
  auto entry = co_await run_blocking(*pool, [joining] { return publish(*joining); });
  if (!entry) co_return fail(std::move(entry.error()));
  Combined done{.entry = std::move(*entry), .sizes = {}, .left = {}};
  for (std::size_t i = 0; i < joining->sources.size(); ++i) {
    const Source& source = joining->sources[i];
    done.sizes.push_back(source.size);
    auto removed = co_await run_blocking(*pool, [joining, &source] { return remove(*joining->root, source); });
    if (removed) continue;
    log::warning("joined file stays", {{"path", source.path.text()}, {"reason", removed.error().text()}});
    done.left.push_back(i);
  }
  co_return done;
}

Task<Result<Combined>> join(async::BlockingPool* pool, std::shared_ptr<Joining> joining, CombineOptions options) {
  for (const Source& source : joining->sources) {
    auto kept =
        co_await run_blocking(*pool, [joining, &source] { return keep(*joining->root, *joining->draft, source); });
    if (kept) kept = co_await keep_all(*pool, joining->draft, options.progress);
    if (!kept) co_return fail(std::move(kept.error()));
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "combine");
  }
  co_return co_await uninterrupted("finish combine", finish(pool, joining));
}

}  // namespace

Task<Result<Combined>> combine_local(std::shared_ptr<LocalRoot> root, async::BlockingPool& pool, Path target,
                                     std::vector<Path> sources, CombineOptions options) {
  if (auto good = check_combined_names(target, sources); !good) co_return fail(std::move(good.error()));
  auto begun = co_await run_blocking(pool, [&] { return begin(root, target, sources, options); });
  if (!begun) co_return fail(std::move(begun.error()));
  auto joining = std::make_shared<Joining>(std::move(*begun));
  auto done = co_await join(&pool, joining, std::move(options));
  if (!done) static_cast<void>(co_await pool.run([joining] { joining->draft->discard(); }));
  co_return done;
}

}  // namespace gantry::vfs
