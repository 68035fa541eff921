#include "vfs/held_uploads.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace gantry::vfs {
namespace {

/// A join whose outcome was never heard of may still run in the store for so long. An abort at the same time could
/// take the parts away from the finished object (seen with Ceph's RADOS Gateway); later it does no harm.
constexpr auto doubt_period = std::chrono::hours(1);
/// The store's clock and the node's may differ by this when an upload is looked for by the time it began.
constexpr auto clock_tolerance = std::chrono::minutes(15);

void warn(std::string_view event, const std::string& key, const Error& error) {
  log::warning(event, {{"key", key}, {"error", error.text()}});
}

bool in_doubt(const HeldUpload& upload) { return upload.doubtful && wall_now() - upload.since < doubt_period; }

/// Ends an upload that nobody may continue any more. True when it is gone from store and ledger.
Task<bool> abort_upload(std::shared_ptr<UploadLedger> ledger, std::shared_ptr<object::Store> store, std::string key,
                        HeldUpload upload) {
  auto done = co_await store->abort_parts(key, upload.upload_id);
  if (done) done = co_await ledger->forget(upload.ticket);
  if (done) co_return true;
  warn("held_upload_left_over", key, done.error());
  if (auto doomed = co_await ledger->doom(upload.ticket); !doomed) warn("upload_ledger", key, doomed.error());
  co_return false;
}

/// Somebody is between asking the store for an upload of the key and recording its id: asked after the store was, this
/// tells whether an upload that no ticket names may be his.
Task<Result<bool>> being_begun(std::shared_ptr<UploadLedger> ledger, UploadName name) {
  auto all = co_await ledger->records(name.store);
  if (!all) co_return fail(std::move(all.error()));
  co_return std::ranges::any_of(*all, [&](const UploadLedger::Record& one) {
    return one.state == UploadLedger::State::open && one.upload.upload_id.empty() && one.name.key == name.key;
  });
}

/// Uploads of `name` in the store that no ticket names, from the time when a process died between asking for one and
/// hearing of it.
Task<Result<void>> abort_unheard(std::shared_ptr<UploadLedger> ledger, std::shared_ptr<object::Store> store,
                                 UploadName name, WallTime began) {
  auto open = co_await store->list_uploads(name.key);
  if (!open) co_return fail(std::move(open.error()));
  auto begun = co_await being_begun(ledger, name);
  if (!begun) co_return fail(std::move(begun.error()));
  if (*begun) co_return fail(Errc::conflict, "abort upload", "another upload of the key is just being begun");
  for (const auto& upload : *open) {
    if (upload.key != name.key || std::chrono::abs(upload.started - began) > clock_tolerance) continue;
    auto known = co_await ledger->knows(name.store, upload.upload_id);
    if (!known) co_return fail(std::move(known.error()));
    if (*known) continue;
    if (auto done = co_await store->abort_parts(name.key, upload.upload_id); !done) co_return done;
  }
  co_return Result<void>();
}

Task<bool> end_left_over(std::shared_ptr<UploadLedger> ledger, std::shared_ptr<object::Store> store,
                         UploadLedger::Record left) {
  const std::string key = left.name.key;
  if (left.state == UploadLedger::State::held) {
    auto taken = co_await ledger->take(left.upload.ticket, left.upload.parts.size());
    if (!taken || !*taken) co_return false;  // its owner was quicker
  }
  if (!left.upload.upload_id.empty()) co_return co_await abort_upload(ledger, store, key, left.upload);
  auto done = co_await abort_unheard(ledger, store, left.name, left.upload.began);
  if (done) done = co_await ledger->forget(left.upload.ticket);
  if (!done) warn("held_upload_left_over", key, done.error());
  co_return done.has_value();
}

/// How many parts to keep when the client goes on at `offset`. Parts behind it are sent again when it lies between two
/// parts; inside a part nothing can be cut, so the bytes that are stored already are received once more and dropped.
std::size_t parts_to_keep(const HeldUpload& held, std::uint64_t offset) {
  std::uint64_t end = 0;
  std::size_t whole = 0;
  while (whole < held.parts.size() && end + held.parts[whole].size <= offset) end += held.parts[whole++].size;
  return end == offset && whole > 0 ? whole : held.parts.size();
}

/// The store has the parts as the ledger says.
bool same_parts(const std::vector<object::PartInfo>& stored, const std::vector<object::PartInfo>& recorded) {
  return stored.size() >= recorded.size() &&
         std::equal(recorded.begin(), recorded.end(), stored.begin(), [](const auto& one, const auto& there) {
           return one.number == there.number && one.size == there.size && one.etag == there.etag;
         });
}

}  // namespace

Task<Result<std::optional<HeldUpload>>> take_held(ObjectContextPtr context, std::string key,
                                                  std::optional<std::uint64_t> offset) {
  const auto& settings = context->options;
  std::optional<HeldUpload> none;
  if (!settings.ledger) co_return none;
  auto held = co_await settings.ledger->find({settings.store_name, settings.owner, key});
  if (!held) co_return fail(std::move(held.error()));
  if (!*held || offset.value_or(0) > (*held)->safe_size()) co_return none;
  HeldUpload upload = std::move(**held);
  auto stored = co_await context->store->list_parts(key, upload.upload_id);
  if (!stored && stored.error().code == Errc::not_found) {
    if (auto gone = co_await settings.ledger->forget(upload.ticket); !gone) co_return fail(std::move(gone.error()));
    co_return none;
  }
  if (!stored) co_return fail(std::move(stored.error()));
  if (!same_parts(*stored, upload.parts)) co_return none;
  for (std::size_t i = 0; i < upload.parts.size(); ++i) upload.parts[i].crc32c = std::move((*stored)[i].crc32c);
  upload.parts.resize(parts_to_keep(upload, offset.value_or(upload.safe_size())));
  auto taken = co_await settings.ledger->take(upload.ticket, upload.parts.size());
  if (!taken) co_return fail(std::move(taken.error()));
  if (!*taken) co_return fail(Errc::conflict, "upload", "somebody else continues it");
  co_return upload;
}

Task<Result<void>> check_nothing_sent(ObjectContextPtr context, std::string prefix) {
  const auto& settings = context->options;
  if (!settings.ledger) co_return Result<void>();
  auto all = co_await settings.ledger->records(settings.store_name);
  if (!all) co_return fail(std::move(all.error()));
  for (const auto& one : *all) {
    if (one.state == UploadLedger::State::open && one.name.key.starts_with(prefix))
      co_return fail(Errc::conflict, "rename", one.name.key + ": is being sent");
  }
  co_return Result<void>();
}

Task<Result<void>> check_alone(ObjectContextPtr context, std::string key) {
  const auto& settings = context->options;
  if (!settings.ledger) co_return Result<void>();
  auto open = co_await settings.ledger->is_open({settings.store_name, settings.owner, key});
  if (!open) co_return fail(std::move(open.error()));
  if (*open) co_return fail(Errc::conflict, "upload", key + ": another session sends it");
  co_return Result<void>();
}

Task<std::optional<Entry>> held_entry(ObjectContextPtr context, Path path) {
  const auto& options = context->options;
  auto key = context->keys.file(path);
  if (!options.ledger || !key) co_return std::nullopt;
  auto upload = co_await options.ledger->find({options.store_name, options.owner, *key});
  if (!upload) warn("upload_ledger", *key, upload.error());
  if (!upload || !*upload) co_return std::nullopt;
  Entry entry;
  entry.name = path.name();
  entry.size = (*upload)->safe_size();
  entry.modified = (*upload)->since;
  entry.unique = std::string(held_mark) + (*upload)->upload_id;
  entry.held = true;
  co_return entry;
}

Task<Result<std::optional<HeldUpload>>> find_held(ObjectContextPtr context, Path path) {
  const auto& options = context->options;
  auto key = context->keys.file(path);
  if (!options.ledger || !key) co_return std::nullopt;
  co_return co_await options.ledger->find({options.store_name, options.owner, *key});
}

Task<bool> drop_held(ObjectContextPtr context, Path path) {
  auto found = co_await find_held(context, path);
  co_return co_await drop_found(std::move(context), std::move(path), std::move(found));
}

Task<bool> drop_found(ObjectContextPtr context, Path path, Result<std::optional<HeldUpload>> found) {
  const auto options = context->options;
  auto key = context->keys.file(path);
  if (!found && key) warn("upload_ledger", *key, found.error());
  if (!found || !*found || !key) co_return false;
  HeldUpload upload = std::move(**found);
  if (in_doubt(upload)) co_return (co_await options.ledger->doom(upload.ticket)).has_value();
  auto taken = co_await options.ledger->take(upload.ticket, upload.parts.size());
  if (!taken || !*taken) co_return false;
  co_await abort_upload(options.ledger, context->store, *key, std::move(upload));
  co_return true;
}

Task<void> abort_displaced(ObjectContextPtr context, std::string key, std::vector<HeldUpload> uploads) {
  for (HeldUpload& upload : uploads)
    if (!in_doubt(upload)) co_await abort_upload(context->options.ledger, context->store, key, std::move(upload));
}

Task<Result<void>> abort_recorded(std::shared_ptr<UploadLedger> ledger, std::shared_ptr<object::Store> store,
                                  UploadLedger::Record record) {
  static constexpr auto operation = "abort upload";
  if (record.state == UploadLedger::State::open)
    co_return fail(Errc::conflict, operation, "somebody sends to it; end that session first");
  if (in_doubt(record.upload))
    co_return fail(Errc::conflict, operation, "the store may be joining it; wait until an hour has passed");
  if (!co_await end_left_over(ledger, store, std::move(record)))
    co_return fail(Errc::unavailable, operation, "the store or the state database refused; the log says why");
  co_return Result<void>();
}

Task<std::size_t> abort_left_over(std::shared_ptr<UploadLedger> ledger, std::shared_ptr<object::Store> store,
                                  std::string store_name, Milliseconds ttl) {
  auto all = co_await ledger->records(store_name);
  if (!all) {
    warn("upload_ledger", {}, all.error());
    co_return 0;
  }
  std::size_t aborted = 0;
  for (auto& left : *all) {
    using enum UploadLedger::State;
    const bool expired = left.state == doomed || (left.state == held && wall_now() - left.upload.since > ttl);
    if (!expired || in_doubt(left.upload)) continue;
    if (co_await end_left_over(ledger, store, std::move(left))) ++aborted;
  }
  co_return aborted;
}

}  // namespace gantry::vfs
