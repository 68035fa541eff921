#include "vfs/part_uploader.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/digest.hpp"
#include "vfs/background.hpp"
#include "vfs/held_uploads.hpp"

namespace gantry::vfs {
std::optional<std::string> md5_of_etag(std::string_view etag) {
  return etag.size() == 32 ? digest::from_hex(etag) : std::nullopt;
}

std::optional<std::string> composite_etag(const std::vector<object::PartInfo>& parts) {
  digest::Hasher hasher(digest::Algorithm::md5);
  for (const auto& part : parts) {
    auto raw = md5_of_etag(part.etag);
    if (!raw) return std::nullopt;
    hasher.update(as_byte_view(*raw));
  }
  return to_hex(hasher.finish()) + "-" + std::to_string(parts.size());
}

PartUploader::PartUploader(const asio::any_io_executor& executor, ObjectContextPtr context, std::string key,
                           object::PutOptions options)
    : executor_(executor),
      context_(std::move(context)),
      key_(std::move(key)),
      options_(std::move(options)),
      at_once_(context_->options.parts_in_flight),
      changed_(executor) {}

void PartUploader::resume(HeldUpload taken) {
  ticket_ = std::move(taken.ticket);
  upload_id_ = std::move(taken.upload_id);
  parts_ = std::move(taken.parts);
  options_ = std::move(taken.options);
  start_asked_ = true;
  // What the store was asked for when the upload began holds to its end.
  by_crc32c_ = !parts_.empty() && std::ranges::none_of(parts_, &std::string::empty, &object::PartInfo::crc32c);
}

std::uint64_t PartUploader::size() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts_) sum += part.size;
  return sum;
}

std::optional<std::uint64_t> PartUploader::crc64() const {
  std::uint64_t whole = 0;
  for (const auto& part : parts_) {
    if (!part.crc64) return std::nullopt;
    whole = digest::crc64_combine(whole, *part.crc64, part.size);
  }
  return whole;
}

Task<Result<std::uint32_t>> PartUploader::next_number(std::uint64_t size, std::uint64_t on_the_way) {
  while (full(on_the_way) && !failure_) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "upload part");
    next_waits_ = true;
    co_await changed_.wait();
  }
  next_waits_ = false;
  if (failure_) co_return fail(*failure_);
  if (parts_.size() >= context_->store->limits().max_parts) co_return fail(Errc::too_large, "upload part", "too many");
  parts_.emplace_back();
  parts_.back().number = static_cast<std::uint32_t>(parts_.size());
  parts_.back().size = size;
  ++in_flight_;
  window_.sent(on_the_way, SteadyClock::now());
  std::erase_if(senders_, [](const async::Child& child) { return !child.running(); });
  if (!start_asked_) {
    start_asked_ = true;
    starter_ = async::Child(executor_, "start parts", start(shared_from_this()));
  }
  co_return parts_.back().number;
}

Task<Result<void>> PartUploader::send(PartBuffer part) {
  auto number = co_await next_number(part.size(), part.size());
  if (!number) co_return fail(std::move(number.error()));
  senders_.emplace_back(executor_, "send part", send_part(shared_from_this(), *number, std::move(part)));
  co_return Result<void>();
}

Task<Result<void>> PartUploader::copy(std::string from, ByteRange range, std::string etag) {
  auto number = co_await next_number(range.length, 0);
  if (!number) co_return fail(std::move(number.error()));
  senders_.emplace_back(executor_, "copy part",
                        copy_part(shared_from_this(), *number, std::move(from), range, std::move(etag)));
  co_return Result<void>();
}

Task<void> PartUploader::start(Self self) {
  if (auto begun = co_await self->begin(); !begun) self->fail_with(std::move(begun.error()));
  if (self->abandoned_ && !self->ticket_.empty()) self->context_->options.ledger->abandon(self->ticket_, 0);
  self->changed_.notify();
}

/// The ledger is told first: what the store begins and nobody knows of would cost money for ever.
Task<Result<void>> PartUploader::begin() {
  const auto& settings = context_->options;
  if (settings.ledger) {
    auto ticket = co_await settings.ledger->begin({settings.store_name, settings.owner, key_}, options_);
    if (!ticket) co_return fail(std::move(ticket.error()));
    ticket_ = std::move(*ticket);
  }
  bool unheard = false;
  object::PutOptions asked = options_;
  asked.unheard = [&unheard] { unheard = true; };
  bool checked = false;
  if (by_crc32c_) asked.by_crc32c = [&checked] { checked = true; };
  auto id = co_await context_->store->start_parts(key_, std::move(asked));
  if (!id) co_return fail(std::move(id.error()));
  by_crc32c_ = checked;
  upload_id_ = std::move(*id);
  Result<void> begun;
  if (settings.ledger) begun = co_await settings.ledger->begun(ticket_, upload_id_);
  if (!begun) let_go_if_lost(begun.error());
  if (unheard && begun && settings.ledger) co_await note_unheard();
  co_return begun;
}

/// A try whose answer was lost may have begun another upload: a doomed ticket without an id sends the janitor for it.
Task<void> PartUploader::note_unheard() {
  const auto& settings = context_->options;
  auto ticket = co_await settings.ledger->begin({settings.store_name, settings.owner, key_}, options_);
  Result<void> noted = ticket ? co_await settings.ledger->doom(*ticket) : fail(ticket.error());
  if (!noted) log::warning("upload_ledger", {{"key", key_}, {"error", noted.error().text()}});
}

Task<Result<void>> PartUploader::started() {
  while (upload_id_.empty() && !failure_) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "upload part");
    co_await changed_.wait();
  }
  if (failure_) co_return fail(*failure_);
  co_return Result<void>();
}

Task<void> PartUploader::send_part(Self self, std::uint32_t number, PartBuffer part) {
  Result<object::PartInfo> result;
  if (auto ready = co_await self->started(); !ready) {
    result = fail(std::move(ready.error()));
  } else {
    const object::Integrity proof = part.integrity(self->sums());
    const auto sent = SteadyClock::now();
    result = co_await self->context_->store->put_part({self->key_, self->upload_id_, number}, part.chunks(), proof);
    const bool wanted =
        self->next_waits_ && self->in_flight_ >= self->at_once_.width() && self->context_->options.budget->half_free();
    self->at_once_.acknowledged(part.size(), SteadyClock::now() - sent, wanted);
    if (result) {
      // A store that answers the CRC-64 of a part has proved it: MD5 is no longer needed in this session.
      if (result->crc64) self->context_->options.store_keeps_crc64 = true;
      if (result->crc64.value_or(part.crc64()) != part.crc64()) {
        result = fail(Errc::corrupt, "upload part", "the CRC-64 of a part differs");
      } else {
        result->crc64 = part.crc64();
      }
    }
  }
  const std::uint64_t size = part.size();
  // Before anybody hears of the acknowledgement the memory must be free again.
  part = PartBuffer();
  self->window_.ended(size, SteadyClock::now());
  result = co_await self->record(std::move(result), number);
  self->acknowledge(number, std::move(result));
}

Task<void> PartUploader::copy_part(Self self, std::uint32_t number, std::string from, ByteRange range,
                                   std::string etag) {
  Result<object::PartInfo> result;
  if (auto ready = co_await self->started(); !ready) {
    result = fail(std::move(ready.error()));
  } else {
    result = co_await self->context_->store->copy_part({self->key_, self->upload_id_, number, self->origin_},
                                                       std::move(from), range, std::move(etag));
  }
  result = co_await self->record(std::move(result), number);
  self->acknowledge(number, std::move(result));
}

/// A part counts once the ledger has it too.
Task<Result<object::PartInfo>> PartUploader::record(Result<object::PartInfo> stored, std::uint32_t number) {
  if (!stored || ticket_.empty()) co_return stored;
  object::PartInfo part = *stored;
  part.number = number;
  part.size = parts_[number - 1].size;
  auto recorded = co_await context_->options.ledger->stored(ticket_, std::move(part));
  if (recorded) co_return stored;
  let_go_if_lost(recorded.error());
  co_return fail(std::move(recorded.error()));
}

/// Another process took this one for dead, and the upload: it is not this one's to hold or to abort any more.
void PartUploader::let_go_if_lost(const Error& error) {
  if (error.code != Errc::conflict) return;
  fail_with(error);
  upload_id_.clear();
  ticket_.clear();
}

/// The ledger could not be told that the upload ended with so many parts to keep. It goes on trying: an open record
/// would shut out its owner. Another process's upload is left alone.
void PartUploader::tell_later(std::string ticket, std::size_t parts, const Error& error) {
  log::warning("upload_ledger", {{"key", key_}, {"error", error.text()}});
  if (error.code != Errc::conflict) context_->options.ledger->abandon(std::move(ticket), parts);
}

void PartUploader::acknowledge(std::uint32_t number, Result<object::PartInfo> result) {
  --in_flight_;
  if (result) {
    object::PartInfo& part = parts_[number - 1];
    part.etag = std::move(result->etag);
    part.crc64 = result->crc64;
    part.crc32c = std::move(result->crc32c);
    stored_ += part.size;
    if (progress_) progress_(stored_);
  } else {
    fail_with(std::move(result.error()));
  }
  changed_.notify();
}

void PartUploader::fail_with(Error error) {
  if (!failure_) failure_ = std::move(error);
}

void PartUploader::stop() {
  for (auto& sender : senders_) sender.cancel();
}

void PartUploader::abandon() {
  fail_with(Error{Errc::cancelled, "upload", "abandoned", {}});
  for (auto& sender : senders_) cancel_later(executor_, std::move(sender));
  senders_.clear();
  abandoned_ = true;
  progress_ = {};
  if (!ticket_.empty()) context_->options.ledger->abandon(ticket_, 0);
}

Task<void> PartUploader::settled() {
  for (auto& sender : senders_) co_await sender.join();
  co_await starter_.join();
}

Task<Result<void>> PartUploader::prove(std::optional<std::uint64_t> expected) {
  while (in_flight_ > 0 && !failure_) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "upload part");
    co_await changed_.wait();
  }
  if (failure_) co_return fail(*failure_);
  if (const auto stored = crc64(); expected && stored) {
    if (*stored == *expected) co_return Result<void>();
    co_return fail(Errc::corrupt, "prove parts", "the CRC-64 of the parts is not that of what they were made from");
  }
  auto listed = co_await context_->store->list_parts(key_, upload_id_);
  if (!listed) co_return fail(std::move(listed.error()));
  const bool same = std::ranges::equal(*listed, parts_, [](const object::PartInfo& one, const object::PartInfo& other) {
    return one.number == other.number && one.size == other.size && one.etag == other.etag;
  });
  if (!same) co_return fail(Errc::corrupt, "prove parts", "the store has other parts than were asked for");
  co_return Result<void>();
}

/// A store that was asked for checksums wants that of each part back. What its answers did not tell is asked for only
/// when it refuses: a store that never heard of checksums does not miss them.
Task<Result<object::PutResult>> PartUploader::join() {
  auto joined = co_await context_->store->finish_parts(key_, upload_id_, parts_, options_.create_only);
  const bool silent = by_crc32c_ && std::ranges::any_of(parts_, &std::string::empty, &object::PartInfo::crc32c);
  if (joined || !silent || is_uncertain(joined.error())) co_return joined;
  auto listed = co_await context_->store->list_parts(key_, upload_id_);
  if (!listed || listed->size() != parts_.size()) co_return joined;
  for (std::size_t i = 0; i < parts_.size(); ++i) parts_[i].crc32c = std::move((*listed)[i].crc32c);
  co_return co_await context_->store->finish_parts(key_, upload_id_, parts_, options_.create_only);
}

Task<Result<object::PutResult>> PartUploader::finish() {
  co_await settled();
  if (failure_) {
    co_await abort_upload();
    co_return fail(*failure_);
  }
  if (!ticket_.empty()) {
    if (auto known = co_await context_->options.ledger->joining(ticket_); !known) {
      let_go_if_lost(known.error());
      // Nothing was asked of the store yet: what is there can be continued.
      upload_id_.clear();
      co_await hand_to_ledger();
      co_return fail(std::move(known.error()));
    }
  }
  auto finished = co_await join();
  if (!finished) {
    if (is_uncertain(finished.error()))
      co_await hand_to_ledger();
    else
      co_await abort_upload();
    co_return fail(std::move(finished.error()));
  }
  upload_id_.clear();
  co_await strike_out();
  request_id_ = finished->request_id;
  auto good = co_await verify(*finished);
  if (!good) co_return fail(std::move(good.error()));
  co_return std::move(*finished);
}

Task<Result<void>> PartUploader::verify(object::PutResult finished) {
  const auto expected = crc64();
  bool proved = false;
  bool differs = false;
  if (expected && finished.crc64) {
    proved = *expected == *finished.crc64;
    differs = !proved;
  } else if (auto etag = composite_etag(parts_)) {
    proved = *etag == finished.etag;
  }
  if (proved && context_->options.verify != Verify::strong) co_return Result<void>();
  if (!differs) {
    auto info = co_await context_->store->head(key_);
    if (!info) co_return fail(Errc::unavailable, "verify upload", "uncertain", info.error().request_id);
    if (info->etag != finished.etag)
      co_return fail(Errc::conflict, "verify upload", "somebody else wrote it meanwhile");
    differs = info->size != size() || (expected && info->crc64 && *info->crc64 != *expected);
    proved = proved || (expected && info->crc64 == expected);
  }
  if (!differs && (proved || context_->options.verify != Verify::strong)) co_return Result<void>();
  // What the store made is not, or not provably, what was sent. No file is better than a wrong one under this name.
  auto removed = co_await context_->store->remove(key_);
  log::error("upload_corrupt", {{"key", key_}, {"request_id", finished.request_id}, {"removed", removed.has_value()}});
  co_return fail(Errc::corrupt, "verify upload",
                 differs ? "the finished object differs" : "verify is strong, and no checksum of the store proves it",
                 finished.request_id);
}

Task<void> PartUploader::abort_upload() {
  if (upload_id_.empty()) {
    // Whether the store has begun one nobody heard; the janitor finds out.
    co_await doom();
    co_return;
  }
  const std::string id = std::exchange(upload_id_, {});
  auto aborted = co_await context_->store->abort_parts(key_, id);
  // The first try may have been refused for a reason that has passed; leftovers cost money.
  if (!aborted) aborted = co_await context_->store->abort_parts(key_, id);
  if (aborted) {
    co_await strike_out();
    co_return;
  }
  log::warning("upload_left_over", {{"key", key_}, {"error", aborted.error().text()}});
  co_await doom();
}

/// Leaves it to the janitor.
Task<void> PartUploader::doom() {
  if (ticket_.empty()) co_return;
  const std::string ticket = std::exchange(ticket_, {});
  auto doomed = co_await context_->options.ledger->doom(ticket);
  if (!doomed) tell_later(ticket, 0, doomed.error());
}

/// Nothing of the upload is left in the store.
Task<void> PartUploader::strike_out() {
  if (ticket_.empty()) co_return;
  const std::string ticket = std::exchange(ticket_, {});
  auto forgotten = co_await context_->options.ledger->forget(ticket);
  // A record of nothing: the janitor asks the store in vain and strikes it out then.
  if (!forgotten) tell_later(ticket, 0, forgotten.error());
}

std::size_t PartUploader::gapless() const {
  const auto gap = std::ranges::find_if(parts_, [](const object::PartInfo& part) { return part.etag.empty(); });
  return static_cast<std::size_t>(gap - parts_.begin());
}

/// Leaves the upload to its owner's next try. The bytes of it that are safe.
Task<std::uint64_t> PartUploader::hand_to_ledger() {
  if (ticket_.empty()) co_return 0;
  const std::size_t count = gapless();
  const std::string ticket = std::exchange(ticket_, {});
  auto held = co_await context_->options.ledger->hold(ticket, count);
  if (!held) {
    tell_later(ticket, count, held.error());
    co_return 0;
  }
  co_await abort_displaced(context_, key_, std::move(*held));
  std::uint64_t safe = 0;
  for (std::size_t i = 0; i < count; ++i) safe += parts_[i].size;
  co_return safe;
}

Task<void> PartUploader::abort() {
  fail_with(Error{Errc::cancelled, "upload", "aborted", {}});
  changed_.notify();
  stop();
  co_await settled();
  co_await abort_upload();
}

Task<std::uint64_t> PartUploader::hold(SteadyClock::duration patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (in_flight_ > 0 && SteadyClock::now() < deadline) co_await changed_.wait_until(deadline);
  stop();
  co_await settled();
  if (upload_id_.empty() || ticket_.empty() || gapless() == 0) {
    co_await abort_upload();
    co_return 0;
  }
  upload_id_.clear();
  co_return co_await hand_to_ledger();
}

}  // namespace gantry::vfs
