#include "vfs/object_reader.hpp"

#include <algorithm>

#include "digest/digest.hpp"

namespace gantry::vfs {
namespace {

constexpr std::uint64_t block_size = async::ByteBudget::usual_block;

/// A store that cannot do so many requests may still do one.
bool may_go_otherwise(Errc code) {
  return code == Errc::unavailable || code == Errc::timed_out || code == Errc::throttled;
}

}  // namespace

ObjectReader::ObjectReader(asio::any_io_executor executor, ObjectContextPtr context, std::unique_ptr<object::Body> body)
    : executor_(std::move(executor)),
      context_(std::move(context)),
      info_(body->info()),
      range_(body->range()),
      stream_(std::move(body)),
      stream_end_(range_.length),
      proves_(info_.crc64 && range_.offset == 0 && range_.length == info_.size) {
  // Only one version may be read, and what the store says of the whole must stay checkable.
  one_is_enough_ = info_.etag.empty() || (proves_ && !stream_->crc64()) || range_.length < 3 * segment_size;
}

Task<Result<std::size_t>> ObjectReader::read(MutableBytes buffer) {
  const auto begun = SteadyClock::now();
  client_time_ += begun - returned_;
  auto got = stream_ ? co_await read_stream(buffer) : co_await read_segments(buffer);
  returned_ = SteadyClock::now();
  store_time_ += returned_ - begun;
  co_return got;
}

Task<Result<std::size_t>> ObjectReader::read_stream(MutableBytes buffer) {
  if (at_ == stream_end_ && stream_end_ < range_.length) {
    if (auto first = co_await next_segment(); first) {
      crc64_ = stream_->crc64().value_or(0);
      stream_.reset();
      co_return co_await read_segments(buffer);
    }
    // The stream goes on as if nothing had been: some stores cannot do ranges.
    stop_asking();
  }
  buffer = buffer.first(std::min<std::uint64_t>(buffer.size(), stream_end_ - at_));
  auto got = co_await stream_->read(buffer);
  if (!got) co_return got;
  if (!first_stream_) co_return delivered(buffer.first(*got));
  at_ += *got;
  if (!one_is_enough_ && segments_.empty() && at_ >= trial) consider_more();
  co_return got;
}

void ObjectReader::consider_more() {
  one_is_enough_ = !worth_it();
  if (one_is_enough_) return;
  asked_ = at_ + segment_size;  // that much more still comes from the stream
  ask_ahead();
  if (segments_.empty()) {
    one_is_enough_ = true;
  } else {
    stream_end_ = segments_.front().range.offset - range_.offset;
  }
}

/// The client waited for the store most of the time, and there is enough left for it to matter.
bool ObjectReader::worth_it() const {
  return range_.length - at_ >= 2 * segment_size && store_time_ > slow_trial && store_time_ > 3 * client_time_;
}

/// For want of memory, or because a segment did not come.
Task<Result<void>> ObjectReader::back_to_one() {
  const ByteRange rest{range_.offset + at_, range_.length - at_};
  auto body = co_await context_->store->get(info_.key, {rest, info_.etag});
  if (!body) co_return fail(std::move(body.error()));
  if ((*body)->info().size != info_.size || (*body)->range() != rest)
    co_return fail(Errc::conflict, "get", "the object changed while it was read");
  stream_ = std::move(*body);
  first_stream_ = false;
  stop_asking();
  co_return Result<void>();
}

void ObjectReader::ask_ahead() {
  while (segments_.size() < window_.width() && asked_ < range_.length && ask_for_segment()) continue;
}

/// False when memory is short.
bool ObjectReader::ask_for_segment() {
  auto& budget = *context_->options.budget;
  if (!budget.half_free()) return false;
  const std::uint64_t length = std::min(segment_size, range_.length - asked_);
  std::vector<async::LeasedMemory> blocks;
  for (std::uint64_t size = 0; size < length; size += block_size) {
    auto lease = budget.try_acquire(block_size);
    if (lease.bytes() == 0) return false;
    blocks.emplace_back(std::move(lease));
  }
  const ByteRange range{range_.offset + asked_, length};
  asked_ += length;
  segments_.push_back(
      {range, Background<Arrived>(executor_, "read ahead", fetch(context_, info_, range, std::move(blocks)))});
  return true;
}

void ObjectReader::stop_asking() {
  segments_.clear();
  one_is_enough_ = true;
  stream_end_ = range_.length;
}

Task<Result<ObjectReader::Arrived>> ObjectReader::fetch(ObjectContextPtr context, object::ObjectInfo info,
                                                        ByteRange range, std::vector<async::LeasedMemory> blocks) {
  const auto begun = SteadyClock::now();
  auto body = co_await context->store->get(info.key, {range, info.etag});
  if (!body) co_return fail(std::move(body.error()));
  if ((*body)->info().size != info.size || (*body)->range() != range)
    co_return fail(Errc::conflict, "read ahead", "the object changed while it was read");
  std::uint64_t done = 0;
  while (done < range.length) {
    const MutableBytes room = blocks[done / block_size].bytes().subspan(done % block_size);
    auto got = co_await (*body)->read(room.first(std::min<std::uint64_t>(room.size(), range.length - done)));
    if (!got) co_return fail(std::move(got.error()));
    if (*got == 0) co_return fail(Errc::unavailable, "read ahead", "the body ended early");
    done += *got;
  }
  co_return Arrived{std::move(blocks), SteadyClock::now() - begun};
}

/// Waits for the next segment and asks for those behind it. There must be one.
Task<Result<void>> ObjectReader::next_segment() {
  Segment next = std::move(segments_.front());
  segments_.pop_front();
  const bool waits = window_.came_late(!next.coming.finished());
  auto arrived = co_await next.coming.get();
  if (!arrived) co_return fail(std::move(arrived.error()));
  arrived_ = std::move(*arrived);
  arrived_at_ = next.range.offset - range_.offset;
  arrived_end_ = arrived_at_ + next.range.length;
  window_.acknowledged(next.range.length, arrived_.took, waits && context_->options.budget->half_free());
  ask_ahead();
  co_return Result<void>();
}

Task<Result<std::size_t>> ObjectReader::read_segments(MutableBytes buffer) {
  if (at_ == range_.length || buffer.empty()) co_return std::size_t{0};
  if (at_ == arrived_end_) {
    arrived_ = {};
    if (segments_.empty()) ask_ahead();
    Result<void> next;
    if (!segments_.empty()) next = co_await next_segment();
    if (!next && !may_go_otherwise(next.error().code)) co_return fail(std::move(next.error()));
    if (arrived_.blocks.empty()) {
      if (auto opened = co_await back_to_one(); !opened) co_return fail(std::move(opened.error()));
      co_return co_await read_stream(buffer);
    }
  }
  const std::uint64_t inside = at_ - arrived_at_;
  ByteView from = arrived_.blocks[inside / block_size].bytes().subspan(inside % block_size);
  from = from.first(std::min<std::uint64_t>({from.size(), buffer.size(), arrived_end_ - at_}));
  std::ranges::copy(from, buffer.begin());
  co_return delivered(from);
}

/// The last bytes are held back when those of the whole object differ, so that nobody takes it for complete.
Result<std::size_t> ObjectReader::delivered(ByteView bytes) {
  at_ += bytes.size();
  if (!proves_) return bytes.size();
  crc64_ = digest::crc64(bytes, crc64_);
  if (at_ == range_.length && crc64_ != *info_.crc64)
    return fail(Errc::corrupt, "get", "the bytes differ from the store's CRC-64", info_.request_id);
  return bytes.size();
}

}  // namespace gantry::vfs
