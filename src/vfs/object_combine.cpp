#include "vfs/object_combine.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "vfs/background.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_digests.hpp"
#include "vfs/object_lookup.hpp"
#include "vfs/object_upload.hpp"

namespace gantry::vfs {
namespace {

constexpr std::size_t looks_at_once = 8;
constexpr std::size_t keys_per_delete = 1000;  // the most that S3 and COS take

/// As it was when the joining began.
struct Source {
  Path path;
  object::ObjectInfo info;
};

struct Joining {
  ObjectContextPtr context;
  Path target;
  std::vector<Source> sources;
};
using JoiningPtr = std::shared_ptr<Joining>;

Task<Result<object::ObjectInfo>> find_source(ObjectContextPtr context, Path path) {
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  auto info = co_await context->store->head(*key);
  if (info) {
    info->key = std::move(*key);
    co_return info;
  }
  if (info.error().code != Errc::not_found) co_return fail(std::move(info.error()));
  Error why = co_await why_no_file(context, path, "combine");
  if (why.code == Errc::not_found && co_await held_entry(context, path)) why.code = Errc::unfinished;
  co_return fail(std::move(why));
}

/// The sources, or why they cannot be joined under this name.
Task<Result<void>> look(JoiningPtr joining, Existing existing, std::uint64_t most) {
  auto& [context, target, sources] = *joining;
  std::set<Path> directories;
  std::vector<Path> asked{target};
  for (const Source& source : sources)
    if (directories.insert(source.path.parent()).second) asked.push_back(source.path);
  for (const Path& path : asked)
    if (auto still = co_await check_not_moving(context, path); !still) co_return still;
  auto found = co_await run_parallel(sources.size(), looks_at_once, [&](std::size_t i) -> Task<Result<void>> {
    auto info = co_await find_source(context, sources[i].path);
    if (!info) co_return fail(std::move(info.error()));
    sources[i].info = std::move(*info);
    co_return Result<void>();
  });
  if (!found) co_return found;
  std::uint64_t size = 0;
  for (const Source& source : sources) {
    size += source.info.size;
    if (size > std::min(most, context->largest_file())) co_return fail(Errc::too_large, "combine", target.text());
  }
  // A statement each: the two tasks must not live in one conditional expression.
  if (existing == Existing::stays) co_return co_await check_free(context, target);
  co_return co_await check_target(context, target);
}

/// A copy is pinned to what HEAD saw; what somebody wrote since then would be deleted with the sources.
Task<Result<void>> check_unchanged(JoiningPtr joining) {
  auto& sources = joining->sources;
  co_return co_await run_parallel(sources.size(), looks_at_once, [&](std::size_t i) -> Task<Result<void>> {
    const auto& known = sources[i].info;
    auto now = co_await joining->context->store->head(known.key);
    if (!now && now.error().code != Errc::not_found) co_return fail(std::move(now.error()));
    if (!now || now->etag != known.etag || now->size != known.size)
      co_return fail(Errc::conflict, "combine", known.key + ": changed meanwhile");
    co_return Result<void>();
  });
}

Task<Result<void>> fill(JoiningPtr joining, ObjectUpload& upload) {
  const auto& sources = joining->sources;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto follows = i + 1 < sources.size() ? ObjectUpload::Follows::more : ObjectUpload::Follows::nothing;
    if (auto taken = co_await upload.take(sources[i].info, follows); !taken) co_return taken;
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "combine");
  }
  if (auto proved = co_await upload.prove(); !proved) co_return proved;
  co_return co_await check_unchanged(joining);
}

/// Those of the sources, by position, that are still there.
Task<std::vector<std::size_t>> remove_sources(JoiningPtr joining) {
  auto& [context, target, sources] = *joining;
  std::set<std::string> failed;
  for (std::size_t at = 0; at < sources.size(); at += keys_per_delete) {
    std::vector<std::string> keys;
    for (std::size_t i = at; i < std::min(sources.size(), at + keys_per_delete); ++i)
      keys.push_back(sources[i].info.key);
    auto removed = co_await context->store->remove_many(keys);
    if (!removed) {
      log::warning("joined files stay", {{"target", target.text()}, {"reason", removed.error().text()}});
      failed.insert(keys.begin(), keys.end());
    } else {
      for (const auto& one : *removed) failed.insert(one.key);
    }
  }
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    context->cache.forget(sources[i].path);
    if (failed.contains(sources[i].info.key)) {
      // An answer may be lost, and one call may have done a part.
      auto now = co_await context->store->head(sources[i].info.key);
      if (now || now.error().code != Errc::not_found) {
        left.push_back(i);
        continue;
      }
    }
    context->cache.removed(sources[i].path);
    co_await forget_digests(context, sources[i].info.key);
  }
  co_return left;
}

/// Directories do not vanish with their last file.
Task<void> keep_directories(JoiningPtr joining) {
  std::set<Path> directories;
  for (const Source& source : joining->sources)
    if (!joining->target.within(source.path.parent())) directories.insert(source.path.parent());
  for (const Path& directory : directories) {
    auto kept = co_await keep_directory(joining->context, directory);
    if (!kept) log::warning("directory not kept", {{"path", directory.text()}, {"reason", kept.error().text()}});
  }
}

/// Not to be cancelled.
Task<Result<Combined>> finish(JoiningPtr joining, std::shared_ptr<ObjectUpload> upload) {
  auto entry = co_await upload->commit();
  if (!entry) co_return fail(std::move(entry.error()));
  Combined done{.entry = std::move(*entry), .sizes = {}, .left = {}};
  for (const Source& source : joining->sources) done.sizes.push_back(source.info.size);
  done.left = co_await remove_sources(joining);
  co_await keep_directories(joining);
  co_return done;
}

}  // namespace

Task<Result<Combined>> combine_objects(ObjectContextPtr context, Path target, std::vector<Path> sources,
                                       CombineOptions options) {
  if (auto good = check_combined_names(target, sources); !good) co_return fail(std::move(good.error()));
  if (auto key = context->keys.file(target); !key) co_return fail(std::move(key.error()));
  auto joining = std::make_shared<Joining>(context, target, std::vector<Source>());
  for (Path& source : sources) joining->sources.push_back({std::move(source), {}});
  if (auto good = co_await look(joining, options.existing, options.most); !good)
    co_return fail(std::move(good.error()));
  auto upload = std::make_shared<ObjectUpload>(co_await asio::this_coro::executor, context, target,
                                               UploadOptions{.existing = options.existing});
  upload->tell(std::move(options.progress));
  if (auto filled = co_await fill(joining, *upload); !filled) {
    co_await upload->abort();
    context->cache.forget(target);
    co_return fail(std::move(filled.error()));
  }
  co_return co_await uninterrupted("finish combine", finish(joining, upload));
}

}  // namespace gantry::vfs
