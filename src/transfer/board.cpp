#include "transfer/board.hpp"

#include <algorithm>
#include <utility>

namespace gantry::transfer {

void Board::more_to_come(bool more) {
  const std::scoped_lock lock(mutex_);
  counted_.more = more;
}

Board::Id Board::add(std::string name, Direction direction, std::optional<std::uint64_t> size) {
  const std::scoped_lock lock(mutex_);
  const Id id = next_++;
  waiting_.emplace(id, Progress{.id = id, .name = std::move(name), .direction = direction, .size = size});
  ++counted_.files;
  if (size)
    sizes_ += *size;
  else
    ++unknown_;
  return id;
}

/// The transfer, running from now on; null when it has ended.
Progress* Board::begun(Id id) {
  if (auto node = waiting_.extract(id)) return &running_.insert(std::move(node)).position->second;
  const auto found = running_.find(id);
  return found == running_.end() ? nullptr : &found->second;
}

void Board::resize(Progress& transfer, std::optional<std::uint64_t> size) {
  sizes_ = sizes_ - transfer.size.value_or(0) + size.value_or(0);
  if (!transfer.size) --unknown_;
  if (!size) ++unknown_;
  transfer.size = size;
}

void Board::rewind(Progress& transfer, std::uint64_t bytes) {
  counted_.bytes = counted_.bytes - transfer.bytes + bytes;
  transfer.bytes = bytes;
}

void Board::phase(Id id, Phase phase, std::string note) {
  const std::scoped_lock lock(mutex_);
  Progress* transfer = begun(id);
  if (transfer == nullptr) return;
  transfer->phase = phase;
  transfer->note = std::move(note);
  if (phase == Phase::done || phase == Phase::skipped || phase == Phase::failed) end(*transfer);
}

void Board::end(Progress& transfer) {
  transfer.ended = Clock::now();
  if (transfer.phase == Phase::done) {
    ++counted_.done;
    resize(transfer, transfer.bytes);  // a file that grew or shrank meanwhile is as long as what came
  } else {
    ++(transfer.phase == Phase::skipped ? counted_.skipped : counted_.failed);
    if (!transfer.size) resize(transfer, transfer.bytes);
    left_out_ += *transfer.size - std::min(*transfer.size, transfer.bytes);
  }
  if (transfer.phase == Phase::failed) failures_.push_back(transfer);
  if (watched_) ended_.push_back(transfer);
  running_.erase(transfer.id);
}

void Board::start(Id id, std::uint64_t offset, std::optional<std::uint64_t> size) {
  const std::scoped_lock lock(mutex_);
  Progress* transfer = begun(id);
  if (transfer == nullptr) return;
  transfer->phase = Phase::moving;
  transfer->note.clear();
  transfer->resumed_from = offset;
  if (transfer->began == Clock::time_point()) transfer->began = Clock::now();
  rewind(*transfer, offset);
  resize(*transfer, size);
}

void Board::moved(Id id, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  Progress* transfer = begun(id);
  if (transfer == nullptr) return;
  transfer->moved += bytes;
  counted_.moved += bytes;
  rewind(*transfer, transfer->bytes + bytes);
}

void Board::watch(bool watched) {
  const std::scoped_lock lock(mutex_);
  watched_ = watched;
  ended_.clear();
}

Totals Board::sum() const {
  Totals totals = counted_;
  if (unknown_ == 0 && !counted_.more) totals.size = std::max(sizes_ - left_out_, totals.bytes);
  return totals;
}

View Board::look() {
  const std::scoped_lock lock(mutex_);
  View view{.totals = sum(), .running = {}, .ended = std::exchange(ended_, {})};
  view.running.reserve(running_.size());
  for (const auto& [id, transfer] : running_) view.running.push_back(transfer);
  return view;
}

Totals Board::totals() const {
  const std::scoped_lock lock(mutex_);
  return sum();
}

std::vector<Progress> Board::failures() const {
  const std::scoped_lock lock(mutex_);
  return failures_;
}

void Board::clear() {
  const std::scoped_lock lock(mutex_);
  waiting_.clear();
  running_.clear();
  ended_.clear();
  failures_.clear();
  counted_ = {};
  sizes_ = unknown_ = left_out_ = 0;
}

}  // namespace gantry::transfer
