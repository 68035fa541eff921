#include "vfs/object_upload.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/part_plan.hpp"

namespace gantry::vfs {
namespace {

constexpr std::size_t chunk_size = async::ByteBudget::usual_block;
/// Who fills so much, and the store's smallest part, within a second gives memory back soon.
constexpr std::uint64_t quick_part = 1 * mib;
/// How long a full budget is waited for before the transfer looks for another way on.
constexpr auto budget_patience = std::chrono::milliseconds(100);
/// How long an interrupted upload waits for parts on their way before it is held.
constexpr auto hold_patience = std::chrono::seconds(20);

}  // namespace

ObjectUpload::ObjectUpload(asio::any_io_executor executor, ObjectContextPtr context, Path path, UploadOptions options)
    : executor_(std::move(executor)),
      context_(std::move(context)),
      path_(std::move(path)),
      key_(context_->keys.file(path_).value()),
      running_(context_->options.digests) {
  const auto& limits = context_->store->limits();
  const auto& settings = context_->options;
  put_options_.create_only = gantry::vfs::must_be_new(options);
  const std::uint64_t preferred = std::clamp(settings.part_size, limits.min_part, limits.max_part);
  to_come_ = options.expected_size.value_or(0);
  first_size_ = std::min(part_size_for(to_come_, limits.max_parts, preferred), limits.max_part);
  max_size_ = context_->largest_file();
  part_ = fresh_part();
}

PartBuffer ObjectUpload::fresh_part() const {
  if (uploader_) return PartBuffer(uploader_->sums());
  // What may become the only PUT carries an MD5, which vouches for the checksums in its metadata.
  return PartBuffer({.md5 = context_->wants_md5(), .crc32c = context_->wants_crc32c()});
}

Result<void> ObjectUpload::healthy() const {
  if (uploader_ && uploader_->failure()) return fail(*uploader_->failure());
  if (const auto* checked = check_.peek(); checked && !*checked) return fail(checked->error());
  return {};
}

/// With an announced size, parts stay as large as they must be; otherwise nobody knows, and they grow.
std::uint64_t ObjectUpload::part_target() const {
  const auto& limits = context_->store->limits();
  const std::uint64_t sent = uploader_ ? uploader_->parts() : 0;
  if (to_come_ == 0 || sent >= limits.max_parts) return part_size_of(sent + 1, first_size_, limits.max_part);
  return std::min(part_size_for(to_come_, limits.max_parts - sent, first_size_), limits.max_part);
}

Task<Result<void>> ObjectUpload::ensure_uploader() {
  if (!uploader_) {
    uploader_ = std::make_shared<PartUploader>(executor_, context_, key_, put_options_);
    uploader_->tell(progress_);
    // Not every store says the CRC-32C of a part that it copied, and joining asks for each.
    if (!parts_pending_ && !borrowed_) uploader_->prefer_crc32c();
  }
  if (!std::exchange(parts_pending_, false)) co_return Result<void>();
  co_return co_await copy_range(kept_.source, {0, kept_.size});
}

Task<Result<void>> ObjectUpload::hand_over() {
  if (auto ready = co_await ensure_uploader(); !ready) co_return fail(std::move(ready.error()));
  running_.part(part_.crc64(), part_.size());
  ahead_.release();
  to_come_ -= std::min(to_come_, part_.size());
  auto sent = co_await uploader_->send(std::exchange(part_, fresh_part()));
  overdraft_.release();
  co_return sent;
}

async::Return ObjectUpload::back() const {
  const std::uint64_t part = std::max(context_->store->limits().min_part, quick_part);
  return pace_.quick(part) ? async::Return::soon : async::Return::late;
}

/// Notes how long the client took; one that has become slow stands in nobody's way who is quick.
void ObjectUpload::came(std::size_t count) {
  if (auto since = std::exchange(offered_, std::nullopt)) pace_.came(count, SteadyClock::now() - *since);
  if (!said_soon_ || back() == async::Return::soon) return;
  said_soon_ = false;
  part_.comes_late();
  ahead_.comes_late();
}

/// A part of so many bytes may go when memory is short: as few as the store takes, so that others get their turn soon.
/// Of later parts it is half, which keeps their number in bounds; of an announced size all that is left must fit.
std::uint64_t ObjectUpload::enough_to_send() const {
  const std::uint64_t target = part_target();
  const std::uint64_t smallest = context_->store->limits().min_part;
  if (target == first_size_) return std::min(target, smallest);
  return to_come_ > 0 ? target : std::min(target, std::max(smallest, target / 2));
}

Task<Result<async::Lease>> ObjectUpload::lease_of(std::uint64_t bytes) {
  auto& budget = *context_->options.budget;
  if (async::Lease lease = budget.try_acquire(bytes, back()); lease.bytes() > 0) co_return lease;
  auto busy = [this] { return uploader_ && uploader_->in_flight() > 0; };
  if (!part_.holds_memory() && !busy()) co_return budget.first(std::min<std::uint64_t>(bytes, least_bytes));
  if (!busy() && overdraft_.held() && overdraft_.take()) co_return budget.first(bytes);
  auto wait = [](std::shared_ptr<async::ByteBudget> from, std::uint64_t wanted,
                 async::Return when) -> Task<Result<async::Lease>> { co_return co_await from->acquire(wanted, when); };
  Background<async::Lease> waiting(executor_, "byte budget", wait(context_->options.budget, bytes, back()));
  std::uint64_t returned = budget.times_returned(back());
  while (!co_await waiting.wait_until(SteadyClock::now() + budget_patience)) {
    if (co_await async::cancelled()) break;
    if (auto good = healthy(); !good) co_return fail(std::move(good.error()));
    const std::uint64_t before = std::exchange(returned, budget.times_returned(back()));
    // Nothing of this transfer is on its way out, so only others could make room, and they may wait likewise.
    if (returned == before && !busy() && overdraft_.take()) co_return budget.first(bytes);
  }
  auto lease = co_await waiting.get();
  if (!lease || lease->bytes() == 0) co_return fail(Errc::cancelled, "upload", "while waiting for memory");
  co_return std::move(*lease);
}

/// Memory is short. A part that can go goes; one that cannot takes all that it lacks, or waits: were everybody given a
/// little, nobody could go on.
Task<Result<void>> ObjectUpload::more_memory() {
  if (part_.size() >= enough_to_send()) {
    if (auto sent = co_await hand_over(); !sent) co_return fail(std::move(sent.error()));
  }
  const std::uint64_t lacking = enough_to_send() - part_.size();
  auto waited = co_await lease_of(lacking);
  if (!waited) co_return fail(std::move(waited.error()));
  ahead_ = std::move(*waited);
  co_return Result<void>();
}

Task<Result<void>> ObjectUpload::make_room() {
  if (part_.size() >= part_target()) {
    if (auto sent = co_await hand_over(); !sent) co_return fail(std::move(sent.error()));
  }
  if (!part_.room().empty()) co_return Result<void>();
  const bool small = !part_.holds_memory() && !uploader_;
  auto step = [&] {
    return std::min<std::uint64_t>(small ? first_chunk_bytes : chunk_size, part_target() - part_.size());
  };
  auto& budget = *context_->options.budget;
  async::Lease block = ahead_.split(step());
  const bool alone = small || budget.plenty() || part_.size() >= enough_to_send();
  if (block.bytes() == 0 && alone) block = budget.try_acquire(step(), back());
  if (block.bytes() == 0) {
    if (auto more = co_await more_memory(); !more) co_return fail(std::move(more.error()));
    block = ahead_.split(step());
  }
  part_.add_chunk(std::move(block));
  said_soon_ = said_soon_ || back() == async::Return::soon;
  co_return Result<void>();
}

MutableBytes ObjectUpload::offer(MutableBytes room, std::uint64_t wanted) {
  offered_ = SteadyClock::now();
  return room.first(std::min<std::uint64_t>(room.size(), std::max<std::uint64_t>(wanted, 1)));
}

bool ObjectUpload::begin_next_part() {
  // A file of exactly one part stays a single PUT: the full part goes only when another byte has come.
  if (uploader_ || parts_pending_ || part_.size() < part_target()) return false;
  if (next_) return true;
  async::Lease lease =
      context_->options.budget->try_acquire(std::min<std::uint64_t>(first_chunk_bytes, part_target()), back());
  if (lease.bytes() == 0) return false;
  next_ = PartBuffer(context_->part_sums(context_->wants_crc32c()));
  next_->add_chunk(std::move(lease));
  return true;
}

Task<Result<MutableBytes>> ObjectUpload::prepare(std::size_t wanted) {
  if (auto good = healthy(); !good) co_return fail(std::move(good.error()));
  if (begin_next_part()) {
    co_return offer(next_->room(), wanted);
  }
  if (auto room = co_await make_room(); !room) co_return fail(std::move(room.error()));
  std::uint64_t limit = std::min<std::uint64_t>(wanted, part_target() - part_.size());
  if (discard_ > 0) limit = std::min(limit, discard_);
  co_return offer(part_.room(), limit);
}

void ObjectUpload::take_in(std::size_t count) {
  running_.passed(part_.room().first(count));
  part_.filled(count);
}

Task<Result<void>> ObjectUpload::advance(std::size_t count) {
  if (position_ + count > max_size_) co_return fail(Errc::too_large, "upload", path_.text());
  position_ += count;
  came(count);
  if (discard_ > 0) {
    discard_ -= count;
    co_return Result<void>();
  }
  if (count == 0) co_return healthy();
  changed_ = true;
  if (next_) {
    if (auto sent = co_await hand_over(); !sent) co_return fail(std::move(sent.error()));
    part_ = std::move(*std::exchange(next_, std::nullopt));
  }
  take_in(count);
  co_return healthy();
}

void ObjectUpload::resume(HeldUpload taken, std::uint64_t offset) {
  position_ = offset;
  discard_ = taken.safe_size() - offset;
  changed_ = true;
  put_options_ = taken.options;
  uploader_ = std::make_shared<PartUploader>(executor_, context_, key_, put_options_);
  uploader_->resume(std::move(taken));
  running_.begins_with(uploader_->crc64());
  part_ = fresh_part();
}

Task<Result<object::PutResult>> ObjectUpload::put_whole() {
  object::PutOptions options = put_options_;
  const object::Integrity proof = part_.integrity({.md5 = context_->wants_md5()});
  running_.part(part_.crc64(), part_.size());
  digests_ = running_.finish();
  if (!proof.md5.empty()) digests_[digest::Algorithm::md5] = proof.md5;
  write_digests(options.metadata, digests_);
  auto put = co_await context_->store->put(key_, part_.chunks(), proof, options);
  if (!put) co_return fail(std::move(put.error()));
  if (auto good = co_await verify_put(*put, proof); !good) co_return fail(std::move(good.error()));
  stored_.metadata = std::move(options.metadata);
  co_return put;
}

Task<Result<void>> ObjectUpload::verify_put(object::PutResult put, object::Integrity proof) {
  if (put.crc64) context_->options.store_keeps_crc64 = true;
  const bool by_crc = put.crc64 && *put.crc64 == proof.crc64;
  const bool by_md5 = !proof.md5.empty();  // the store refuses a body that does not match
  bool differs = put.crc64 && !by_crc;
  if (!differs && (by_crc || by_md5) && context_->options.verify != Verify::strong) co_return Result<void>();
  if (!differs) {
    auto info = co_await context_->store->head(key_);
    if (!info) co_return fail(Errc::unavailable, "verify upload", "uncertain", info.error().request_id);
    if (info->etag != put.etag) co_return fail(Errc::conflict, "verify upload", "somebody else wrote it meanwhile");
    differs = info->size != part_.size() || (info->crc64 && info->crc64 != proof.crc64);
  }
  if (!differs) co_return Result<void>();
  auto removed = co_await context_->store->remove(key_);
  co_return fail(Errc::corrupt, "verify upload",
                 removed ? "the stored object differs" : "the stored object differs and could not be removed",
                 put.request_id);
}

Task<Result<object::PutResult>> ObjectUpload::finish_parts() {
  if (auto ready = co_await ensure_uploader(); !ready) co_return fail(std::move(ready.error()));
  if (part_.size() > 0) {
    if (auto sent = co_await hand_over(); !sent) co_return fail(std::move(sent.error()));
  }
  auto finished = co_await uploader_->finish();
  digests_ = running_.finish();
  if (!finished) uploader_.reset();
  co_return finished;
}

/// What the store itself cannot be asked to see to.
Task<Result<void>> ObjectUpload::check_existing(bool joined) {
  // A PUT carries the condition; of a join some stores ignore it.
  if (!grows_ && !(joined && put_options_.create_only)) co_return Result<void>();
  auto info = co_await context_->store->head(key_);
  if (!info && info.error().code != Errc::not_found) co_return fail(std::move(info.error()));
  if (grows_) {
    if (!info || info->etag != *grows_) co_return fail(Errc::conflict, "upload", "the object it continues has changed");
  } else if (info) {
    co_return fail(Errc::already_exists, "upload", path_.text());
  }
  co_return Result<void>();
}

Task<Result<Entry>> ObjectUpload::commit_now() {
  Result<void> good = check_.pending() ? co_await check_.get() : Result<void>();
  if (good) good = healthy();
  if (good && discard_ > 0) good = fail(Errc::conflict, "upload", "ended before the bytes that are stored already");
  if (!good) {
    co_await abort_now();
    co_return fail(std::move(good.error()));
  }
  ahead_.release();  // nothing more comes
  // Whoever moves the directory has copied what was there: the new file would be taken for the old one, and deleted.
  if (auto still = co_await check_not_moving(context_, path_); !still) {
    co_await hold_now();
    co_return fail(std::move(still.error()));
  }
  next_.reset();
  Entry entry;
  entry.name = path_.name();
  entry.size = position_;
  entry.modified = wall_now();
  if (unchanged()) {
    give_back();
    co_return entry_of(std::move(kept_.source), path_.name());
  }
  const bool whole = !uploader_ && !parts_pending_ && part_.size() <= context_->store->limits().max_put;
  // A new file makes what is held of its name void. Beside a join, which takes long, there could still come some.
  Background<std::optional<HeldUpload>> held;
  if (whole) held = {executor_, "held upload", find_held(context_, path_)};
  // A statement each: the two tasks must not live in one conditional expression.
  Result<object::PutResult> stored;
  if (auto unharmed = co_await check_existing(!whole); !unharmed) {
    stored = fail(std::move(unharmed.error()));
  } else if (whole) {
    stored = co_await put_whole();
  } else {
    stored = co_await finish_parts();
  }
  if (!stored) {
    co_await abort_now();
    context_->cache.forget(path_);
    co_return fail(std::move(stored.error()));
  }
  give_back();
  entry.unique = stored->etag;
  request_id_ = stored->request_id;
  context_->cache.wrote(path_, entry);
  co_await note_digests(*stored);
  if (held.pending())
    co_await drop_found(context_, path_, co_await held.get());
  else
    co_await drop_held(context_, path_);
  co_return entry;
}

void ObjectUpload::give_back() {
  part_ = PartBuffer();
  next_.reset();
  ahead_.release();
  overdraft_.release();
}

Task<void> ObjectUpload::note_digests(object::PutResult put) {
  stored_.key = key_;
  stored_.etag = std::move(put.etag);
  stored_.crc64 = put.crc64;
  co_await keep_digests(context_, std::move(stored_), std::move(digests_));
}

Task<Result<std::uint64_t>> ObjectUpload::hold_now() {
  const auto& settings = context_->options;
  bool good = true;
  if (check_.pending()) good = (co_await check_.get()).has_value();
  // Only whole files from the client are held: what was copied belongs to objects that may change meanwhile.
  if (!settings.ledger || !good || kept_.size > 0 || borrowed_) {
    co_await abort_now();
    co_return std::uint64_t{0};
  }
  // A part below the store's minimum could only be the last one for ever, so a short tail is sent again by the client.
  if (discard_ == 0 && part_.size() > 0 && part_.size() >= context_->store->limits().min_part) {
    static_cast<void>(co_await hand_over());
  }
  give_back();
  if (!uploader_) co_return std::uint64_t{0};
  const std::uint64_t safe = co_await std::exchange(uploader_, nullptr)->hold(hold_patience);
  context_->cache.forget(path_);
  co_return safe;
}

Task<void> ObjectUpload::abort_now() {
  if (check_.pending()) static_cast<void>(co_await check_.get());
  give_back();
  if (auto uploader = std::exchange(uploader_, nullptr)) co_await uploader->abort();
}

}  // namespace gantry::vfs
