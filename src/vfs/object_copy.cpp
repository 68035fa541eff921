#include "vfs/object_copy.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "vfs/background.hpp"
#include "vfs/object_digests.hpp"
#include "vfs/part_plan.hpp"
#include "vfs/part_uploader.hpp"

namespace gantry::vfs {
namespace {

constexpr std::size_t copies_at_once = 32;  // the bucket gate lets fewer through after a SlowDown
constexpr auto progress_interval = std::chrono::seconds(5);
constexpr std::size_t moves_at_once = 1000;    // in one transaction
constexpr std::size_t keys_per_delete = 1000;  // the most that S3 and COS take

Task<Result<std::string>> copy_in_parts(ObjectContextPtr context, object::ObjectInfo source, CopyTarget to,
                                        std::optional<object::PutOptions> replace) {
  if (!replace) {
    // A multipart upload starts without the source's metadata.
    auto info = co_await (to.from ? to.from : context)->store->head(source.key);
    if (!info) co_return fail(std::move(info.error()));
    if (info->etag != source.etag) co_return fail(Errc::conflict, "copy", source.key);
    replace = object::PutOptions{.metadata = info->metadata, .content_type = info->content_type};
  }
  replace->create_only = to.existing == Existing::stays;
  const auto& limits = context->store->limits();
  auto uploader = std::make_shared<PartUploader>(co_await asio::this_coro::executor, context, to.key, *replace);
  if (to.from) uploader->copy_from(to.from->store->origin());
  for (const ByteRange& range : split_for_copy(source.size, copy_step(limits), limits.min_part)) {
    auto handed = co_await uploader->copy(source.key, range, source.etag);
    if (!handed) {
      co_await uninterrupted("abort copy", uploader->abort());
      co_return fail(std::move(handed.error()));
    }
  }
  auto finished = co_await uninterrupted("finish copy", uploader->finish());
  if (!finished) co_return fail(std::move(finished.error()));
  co_return std::move(finished->etag);
}

Task<Result<std::vector<object::ObjectInfo>>> all_below(ObjectContextPtr context, std::string prefix) {
  std::vector<object::ObjectInfo> all;
  object::ListRequest request;
  request.prefix = prefix;
  for (;;) {
    auto page = co_await context->store->list(request);
    if (!page) co_return fail(std::move(page.error()));
    std::ranges::move(page->objects, std::back_inserter(all));
    if (all.size() > context->options.max_rename_objects) {
      co_return fail(Errc::too_large, "rename", "more keys below than are moved at once");
    }
    if (page->cursor.empty()) co_return all;
    if (page->cursor == request.cursor) co_return fail(Errc::internal, "list", "the store's cursor does not advance");
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "rename");
    request.cursor = page->cursor;
  }
}

/// Tells how far a rename is: whoever asks the context, and the log every few seconds.
class Progress {
 public:
  Progress(ObjectContextPtr context, const RenamePlan& plan, std::size_t total)
      : context_(std::move(context)), plan_(plan) {
    context_->rename_progress = RenameProgress{.copied = 0, .of = total};
  }
  ~Progress() { context_->rename_progress.reset(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void one_more() {
    auto& far = *context_->rename_progress;
    ++far.copied;
    if (SteadyClock::now() < next_) return;
    log::info("rename under way", {{"from", plan_.from}, {"to", plan_.to}, {"copied", far.copied}, {"of", far.of}});
    next_ = SteadyClock::now() + progress_interval;
  }

 private:
  ObjectContextPtr context_;
  const RenamePlan& plan_;
  SteadyClock::time_point next_ = SteadyClock::now() + progress_interval;
};

/// Removes all keys; the first failure, after trying every one.
Task<Result<void>> remove_all(ObjectContextPtr context, std::vector<std::string> keys) {
  std::optional<Error> failure;
  for (std::size_t at = 0; at < keys.size(); at += keys_per_delete) {
    const std::size_t end = std::min(keys.size(), at + keys_per_delete);
    std::vector<std::string> some(keys.begin() + static_cast<std::ptrdiff_t>(at),
                                  keys.begin() + static_cast<std::ptrdiff_t>(end));
    auto removed = co_await context->store->remove_many(std::move(some));
    if (!removed) {
      failure = std::move(removed.error());
    } else if (!removed->empty()) {
      failure = std::move(removed->front().error);
    }
  }
  if (failure) co_return fail(std::move(*failure));
  co_return Result<void>();
}

/// An upload that was publishing when the plan was made comes too late for the copies, and must not be deleted.
Task<Result<void>> check_unchanged(ObjectContextPtr context, std::string from,
                                   const std::vector<object::ObjectInfo>& copied) {
  auto now = co_await all_below(context, from);
  if (!now) co_return fail(std::move(now.error()));
  const auto same = [](const object::ObjectInfo& a, const object::ObjectInfo& b) {
    return a.key == b.key && a.etag == b.etag && a.size == b.size;
  };
  if (!std::ranges::equal(*now, copied, same)) co_return fail(Errc::conflict, "rename", from + ": changed meanwhile");
  co_return Result<void>();
}

/// Nobody knows whether the store did it, or still will.
bool unanswered(Errc code) { return code == Errc::unavailable || code == Errc::timed_out || code == Errc::cancelled; }

}  // namespace

Task<Result<std::string>> copy_object(ObjectContextPtr context, object::ObjectInfo source, CopyTarget to,
                                      std::optional<object::PutOptions> replace) {
  if (source.size > context->store->limits().max_put) {
    co_return co_await copy_in_parts(context, std::move(source), std::move(to), std::move(replace));
  }
  auto copied = co_await context->store->copy({.from = source.key,
                                               .to = to.key,
                                               .origin = to.from ? to.from->store->origin() : std::string(),
                                               .if_match = source.etag,
                                               .replace = std::move(replace),
                                               .size = source.size,
                                               .create_only = to.existing == Existing::stays});
  if (!copied) co_return fail(std::move(copied.error()));
  bool proved = copied->etag == source.etag && !source.etag.empty();
  if (source.crc64 && copied->crc64) proved = *source.crc64 == *copied->crc64;
  if (proved) co_return std::move(copied->etag);
  auto info = co_await context->store->head(to.key);
  if (!info) co_return fail(std::move(info.error()));
  const bool differs = info->size != source.size || (source.crc64 && info->crc64 && *source.crc64 != *info->crc64);
  if (!differs) co_return std::move(info->etag);
  // A self-copy has replaced the source: there is nothing better to go back to.
  if (to.from || to.key != source.key) {
    auto removed = co_await context->store->remove(to.key);
    if (!removed) log::warning("bad_copy_left_over", {{"key", to.key}, {"error", removed.error().text()}});
  }
  co_return fail(Errc::corrupt, "copy", to.key, copied->request_id);
}

Task<Result<void>> move_all(ObjectContextPtr context, std::shared_ptr<OpenRename> rename, Existing existing) {
  const std::string from = rename->plan().from;
  const std::string to = rename->plan().to;
  auto sources = co_await all_below(context, from);
  if (!sources) co_return fail(std::move(sources.error()));
  auto target_of = [&](const std::string& key) { return to + key.substr(from.size()); };
  for (const auto& source : *sources) {
    if (target_of(source.key).size() > context->store->limits().max_key) {
      co_return fail(Errc::bad_name, "rename", "a name below becomes too long");
    }
  }
  if (auto recorded = co_await rename->advance(RenamePhase::copying); !recorded) co_return recorded;
  // Also what failed may have been stored: the answer could be lost.
  std::vector<std::string> made;
  bool all_answered = true;
  Progress progress(context, rename->plan(), sources->size());
  std::vector<std::string> etags(sources->size());  // of the copies
  auto copied = co_await run_parallel(sources->size(), copies_at_once, [&](std::size_t i) -> Task<Result<void>> {
    std::string target = target_of((*sources)[i].key);
    made.push_back(target);
    auto one = co_await copy_object(context, (*sources)[i], {target, existing}, std::nullopt);
    if (!one && unanswered(one.error().code)) all_answered = false;
    if (!one && one.error().code == Errc::already_exists) std::erase(made, target);  // that is somebody else's
    if (!one) co_return fail(std::move(one.error()));
    progress.one_more();
    etags[i] = std::move(*one);
    co_return Result<void>();
  });
  if (copied) copied = co_await check_unchanged(context, from, *sources);
  if (!copied) {
    auto undone = co_await uninterrupted("undo rename", remove_all(context, std::move(made)));
    // A copy that comes late would lie there for good: the janitor looks again, and more than once.
    if (undone && all_answered) co_await uninterrupted("forget rename", rename->forget());
    if (!undone) log::warning("rename_not_undone", {{"to", to}, {"error", undone.error().text()}});
    co_return fail(std::move(copied.error()));
  }
  // Whether a failed record was made nobody knows; the janitor will, and does accordingly.
  auto committed = co_await uninterrupted("commit rename", rename->advance(RenamePhase::deleting));
  if (!committed) co_return committed;
  std::vector<DigestBook::Move> moves;
  for (std::size_t i = 0; i < sources->size(); ++i) {
    const auto& source = (*sources)[i];
    moves.push_back({{source.key, source.etag}, {target_of(source.key), std::move(etags[i])}});
    if (moves.size() < moves_at_once && i + 1 < sources->size()) continue;
    co_await uninterrupted("move checksums", move_digests(context, std::exchange(moves, {})));
  }
  std::vector<std::string> keys;
  for (auto& source : *sources) keys.push_back(std::move(source.key));
  // Its marker goes also where there was none: that is how a bucket whose listings lag is known to have lost it.
  if (std::ranges::find(keys, from) == keys.end()) keys.push_back(from);
  co_return co_await uninterrupted("remove renamed", remove_all(context, std::move(keys)));
}

}  // namespace gantry::vfs
