#include "transfer/board.hpp"

namespace gantry::transfer {

Board::Id Board::add(std::string name, Direction direction, std::optional<std::uint64_t> size) {
  const std::scoped_lock lock(mutex_);
  transfers_.push_back({.name = std::move(name), .direction = direction, .size = size, .note = {}});
  return transfers_.size() - 1;
}

void Board::phase(Id id, Phase phase, std::string note) {
  const std::scoped_lock lock(mutex_);
  transfers_[id].phase = phase;
  transfers_[id].note = std::move(note);
}

void Board::start(Id id, std::uint64_t offset, std::optional<std::uint64_t> size) {
  const std::scoped_lock lock(mutex_);
  Progress& transfer = transfers_[id];
  transfer.phase = Phase::moving;
  transfer.bytes = transfer.resumed_from = offset;
  transfer.size = size;
  transfer.began = std::chrono::steady_clock::now();
}

void Board::moved(Id id, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  transfers_[id].bytes += bytes;
}

std::vector<Progress> Board::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return transfers_;
}

}  // namespace gantry::transfer
