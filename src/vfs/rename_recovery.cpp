#include "vfs/rename_recovery.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "vfs/background.hpp"
#include "vfs/part_uploader.hpp"

namespace gantry::vfs {
namespace {

constexpr std::size_t keys_at_once = 8;

/// The object, or nothing when there is none.
Task<Result<std::optional<object::ObjectInfo>>> look(std::shared_ptr<object::Store> store, std::string key) {
  auto info = co_await store->head(std::move(key));
  if (info) co_return std::optional(std::move(*info));
  if (info.error().code == Errc::not_found) co_return std::optional<object::ObjectInfo>();
  co_return fail(std::move(info.error()));
}

/// May one of the two go because the other is the same?
bool same(const object::ObjectInfo& source, const object::ObjectInfo& copy, RenamePhase phase) {
  if (source.size != copy.size) return false;
  if (source.crc64 && copy.crc64) return *source.crc64 == *copy.crc64;
  const auto md5 = md5_of_etag(source.etag);
  const auto copied = md5_of_etag(copy.etag);
  if (!md5 || !copied || *md5 == *copied) return true;
  // ETags of encrypted objects look like an MD5 and are none. The copy was compared when it was made, so all that
  // matters is that the source is not a newer one.
  return phase == RenamePhase::deleting && source.modified < copy.modified;
}

/// The key to remove because of one source key, if any.
Task<Result<std::optional<std::string>>> surplus(RenameRecovery recovery, RenamePlan plan, std::string key) {
  const std::string target = plan.to + key.substr(plan.from.size());
  // By name, not from listings: those may lag.
  auto copy = co_await look(recovery.store, target);
  if (!copy) co_return fail(std::move(copy.error()));
  if (!*copy) co_return std::optional<std::string>();
  auto source = co_await look(recovery.store, key);
  if (!source) co_return fail(std::move(source.error()));
  if (!*source) co_return std::optional<std::string>();
  if (!same(**source, **copy, plan.phase)) {
    log::warning("rename_left_two_versions", {{"source", key}, {"target", target}});
    co_return std::optional<std::string>();
  }
  co_return plan.phase == RenamePhase::copying ? target : key;
}

/// Removes all that is surplus once. The number of keys.
Task<Result<std::size_t>> clean(RenameRecovery recovery, RenamePlan plan) {
  std::size_t gone = 0;
  object::ListRequest request;
  request.prefix = plan.from;
  for (;;) {
    auto page = co_await recovery.store->list(request);
    if (!page) co_return fail(std::move(page.error()));
    std::vector<std::string> keys;
    auto looked = co_await run_parallel(page->objects.size(), keys_at_once, [&](std::size_t i) -> Task<Result<void>> {
      auto key = co_await surplus(recovery, plan, page->objects[i].key);
      if (!key) co_return fail(std::move(key.error()));
      if (*key) keys.push_back(std::move(**key));
      co_return Result<void>();
    });
    if (!looked) co_return fail(std::move(looked.error()));
    gone += keys.size();
    if (!keys.empty()) {
      auto removed = co_await recovery.store->remove_many(std::move(keys));
      if (!removed) co_return fail(std::move(removed.error()));
      if (!removed->empty()) co_return fail(std::move(removed->front().error));
    }
    if (page->cursor.empty()) co_return gone;
    if (page->cursor == request.cursor) co_return fail(Errc::internal, "list", "the store's cursor does not advance");
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "end rename");
    request.cursor = page->cursor;
  }
}

/// A large object is copied by an upload of parts. Cut off, it looks like one that its owner may continue, which he
/// never began.
Task<Result<void>> doom_unfinished_copies(RenameRecovery recovery, RenamePlan plan) {
  if (!recovery.ledger) co_return Result<void>();
  auto all = co_await recovery.ledger->records(recovery.store_name);
  if (!all) co_return fail(std::move(all.error()));
  for (const auto& one : *all) {
    const std::string& key = one.name.key;
    if (one.state != UploadLedger::State::held || one.name.owner != plan.owner || !key.starts_with(plan.to) ||
        one.upload.began < plan.began)
      continue;
    auto source = co_await look(recovery.store, plan.from + key.substr(plan.to.size()));
    if (!source) co_return fail(std::move(source.error()));
    if (!*source) continue;
    if (auto doomed = co_await recovery.ledger->doom(one.upload.ticket); !doomed) co_return doomed;
  }
  co_return Result<void>();
}

/// Removes the copies, until a second look finds no more.
Task<Result<std::size_t>> undo(RenameRecovery recovery, RenamePlan plan) {
  if (auto doomed = co_await doom_unfinished_copies(recovery, plan); !doomed) co_return fail(std::move(doomed.error()));
  std::size_t sum = 0;
  for (bool again = false;; again = true) {
    auto gone = co_await clean(recovery, plan);
    if (!gone) co_return gone;
    sum += *gone;
    if (again && *gone == 0) co_return sum;
    if (!co_await async::sleep_for(recovery.settle)) co_return fail(Errc::cancelled, "undo rename");
  }
}

/// The directory that the source lay in stays, also when the source was all it held.
Task<Result<void>> keep_parent(RenameRecovery recovery, RenamePlan plan) {
  const std::size_t slash = plan.from.substr(0, plan.from.size() - 1).rfind('/');
  if (slash == std::string::npos) co_return Result<void>();
  const std::string parent = plan.from.substr(0, slash + 1);
  object::ListRequest request;
  request.prefix = parent;
  request.max = 1;
  auto page = co_await recovery.store->list(std::move(request));
  if (!page) co_return fail(std::move(page.error()));
  if (!page->objects.empty()) co_return Result<void>();
  auto put = co_await recovery.store->put(parent, {}, {}, {.content_type = "application/x-directory"});
  if (!put) co_return fail(std::move(put.error()));
  co_return Result<void>();
}

Task<Result<void>> end_rename(RenameRecovery recovery, RenamePlan plan) {
  if (plan.phase == RenamePhase::looking) co_return Result<void>();
  const bool back = plan.phase == RenamePhase::copying;
  auto gone = back ? co_await undo(recovery, plan) : co_await clean(recovery, plan);
  if (!gone) co_return fail(std::move(gone.error()));
  if (!back) {
    if (auto kept = co_await keep_parent(recovery, plan); !kept) co_return kept;
  }
  log::info(back ? "rename undone" : "rename finished",
            {{"from", plan.from}, {"to", plan.to}, {"user", plan.owner}, {"removed", *gone}});
  co_return Result<void>();
}

}  // namespace

Task<std::size_t> end_left_renames(RenameRecovery recovery) {
  auto left = co_await recovery.plans->adopt(recovery.store_name);
  if (!left) {
    log::warning("rename_plans", {{"error", left.error().text()}});
    co_return 0;
  }
  std::size_t ended = 0;
  for (const RenamePlan& plan : *left) {
    auto done = co_await end_rename(recovery, plan);
    if (done) done = co_await recovery.plans->forget(plan.ticket);
    if (done) {
      ++ended;
      continue;
    }
    recovery.plans->abandon(plan.ticket);
    log::warning("rename_not_ended", {{"from", plan.from}, {"to", plan.to}, {"error", done.error().text()}});
  }
  co_return ended;
}

}  // namespace gantry::vfs
