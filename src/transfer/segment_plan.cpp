#include "transfer/segment_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/bytes.hpp"
#include "base/text.hpp"
#include "digest/digest.hpp"

namespace gantry::transfer {
namespace {

constexpr std::string_view first_line = "gantry segments 1";
/// More than these are no journal of ours.
constexpr std::size_t most_runs = 10'000;

}  // namespace

SegmentPlan::SegmentPlan(std::uint64_t size, const std::vector<Run>& there, unsigned pieces) : size_(size) {
  std::uint64_t from = 0;
  std::uint64_t end = 0;
  std::uint64_t crc = 0;
  for (const Run& run : there) {
    if (run.from > from) pieces_.emplace(from, Piece{.position = end, .end = run.from, .crc = crc});
    from = run.from;
    end = run.end;
    crc = run.crc;
  }
  if (size > from) pieces_.emplace(from, Piece{.position = end, .end = size, .crc = crc});
  const auto unfinished = [&] {
    return static_cast<unsigned>(std::ranges::count_if(pieces_, [](const auto& p) { return p.second.left() > 0; }));
  };
  while (unfinished() < pieces) {
    const auto piece = largest(false);
    if (piece == pieces_.end() || piece->second.left() < 2 * least_share) break;
    // Equal shares: of n wanted ones a halving would make shares of a half, a quarter and so on.
    const auto share = piece->second.left() / (pieces - unfinished() + 1);
    const std::uint64_t cut = piece->second.position + std::max(share, least_share);
    pieces_.emplace(cut, Piece{.position = cut, .end = piece->second.end});
    piece->second.end = cut;
  }
}

/// The one with most left to do; end() when nothing is.
SegmentPlan::Pieces::iterator SegmentPlan::largest(bool taken) {
  auto best = pieces_.end();
  for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece)
    if (piece->second.taken == taken && piece->second.left() > 0 &&
        (best == pieces_.end() || piece->second.left() > best->second.left()))
      best = piece;
  return best;
}

/// Returns the second half of what is left. Whoever moves the first one stands far before its new end: room() gives a
/// MiB at most, and least_share is more.
SegmentPlan::Pieces::iterator SegmentPlan::split(Pieces::iterator piece) {
  const std::uint64_t cut = piece->second.position + piece->second.left() / 2;
  const auto half = pieces_.emplace(cut, Piece{.position = cut, .end = piece->second.end}).first;
  piece->second.end = cut;
  return half;
}

std::optional<SegmentPlan::Claim> SegmentPlan::take() {
  const std::scoped_lock lock(mutex_);
  auto piece = largest(false);
  if (piece == pieces_.end()) {
    piece = largest(true);
    if (piece == pieces_.end() || piece->second.left() < 2 * least_share) return std::nullopt;
    piece = split(piece);
  }
  Piece& mine = piece->second;
  mine.taken = true;
  return Claim{.id = piece->first, .from = mine.position, .end = mine.end, .crc = mine.crc};
}

std::size_t SegmentPlan::room(std::uint64_t id, std::size_t bytes) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::min<std::uint64_t>({bytes, pieces_.at(id).left(), mib}));
}

void SegmentPlan::moved(std::uint64_t id, std::size_t bytes, std::uint64_t crc) {
  const std::scoped_lock lock(mutex_);
  Piece& piece = pieces_.at(id);
  piece.position += bytes;
  piece.crc = crc;
}

void SegmentPlan::leave(std::uint64_t id) {
  const std::scoped_lock lock(mutex_);
  pieces_.at(id).taken = false;
}

std::uint64_t SegmentPlan::bytes() const {
  const std::scoped_lock lock(mutex_);
  std::uint64_t bytes = 0;
  for (const auto& [from, piece] : pieces_) bytes += piece.position - from;
  return bytes;
}

std::vector<Run> SegmentPlan::runs() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Run> runs;
  for (const auto& [from, piece] : pieces_) {
    if (piece.position == from) continue;
    if (!runs.empty() && runs.back().end == from) {
      runs.back().crc = digest::crc64_combine(runs.back().crc, piece.crc, piece.position - from);
      runs.back().end = piece.position;
    } else {
      runs.push_back({.from = from, .end = piece.position, .crc = piece.crc});
    }
  }
  return runs;
}

namespace {

std::string sum_of(std::string_view text) { return fmt::format("{:016x}", digest::crc64(as_byte_view(text))); }

std::optional<Run> parse_run(std::string_view line) {
  const auto words = split(line, ' ');
  if (words.size() != 3 || words[2].size() != 16) return std::nullopt;
  const auto from = parse_number(words[0]);
  const auto end = parse_number(words[1]);
  const auto crc = digest::from_hex(words[2]);
  if (!from || !end || !crc) return std::nullopt;
  Run run{.from = *from, .end = *end};
  for (const char byte : *crc) run.crc = run.crc << 8U | static_cast<unsigned char>(byte);
  return run;
}

}  // namespace

std::string to_text(const Journal& journal) {
  std::string text = fmt::format("{}\n{}\n{}\n", first_line, journal.identity, journal.size);
  for (const Run& run : journal.runs) text += fmt::format("{} {} {:016x}\n", run.from, run.end, run.crc);
  return text + sum_of(text) + "\n";
}

std::optional<Journal> parse_journal(std::string_view text) {
  const auto lines = split(text, '\n');  // the last one is empty
  if (lines.size() < 5 || lines.size() > most_runs || lines[0] != first_line) return std::nullopt;
  const std::string_view sum = lines[lines.size() - 2];
  if (!lines.back().empty() || sum != sum_of(text.substr(0, text.size() - sum.size() - 1))) return std::nullopt;
  const auto size = parse_number(lines[2]);
  if (!size) return std::nullopt;
  Journal journal{.identity = std::string(lines[1]), .size = *size, .runs = {}};
  std::uint64_t end = 0;
  for (const std::string_view line : std::span(lines).subspan(3, lines.size() - 5)) {
    const auto run = parse_run(line);
    if (!run || run->from < end || run->end <= run->from || run->end > *size) return std::nullopt;
    end = run->end;
    journal.runs.push_back(*run);
  }
  return journal;
}

}  // namespace gantry::transfer
