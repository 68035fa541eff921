#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>

#include "base/text.hpp"
#include "transfer/existing.hpp"
#include "transfer/proof.hpp"
#include "transfer/retry.hpp"
#include "transfer/segment_plan.hpp"
#include "transfer/segments.hpp"

namespace gantry::transfer {
namespace {

using digest::Algorithm;

/// How often what is there goes on record; what came since is fetched again after a crash.
constexpr Seconds between_records(2);
constexpr std::uint64_t least_parted = 2 * SegmentPlan::least_share;
constexpr std::size_t longest_journal = mib;
/// Kept as the source of a file with holes, so that nobody takes it for a beginning.
constexpr std::string_view holes = "segments";

std::string journal_of(const std::string& part) { return part + ".segments"; }

std::optional<Journal> read_journal(const std::string& path) {
  std::error_code problem;
  if (std::filesystem::file_size(path, problem) > longest_journal || problem) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  return parse_journal(std::string(std::istreambuf_iterator<char>(in), {}));
}

Outcome<void> write_journal(const std::string& path, const Journal& journal) {
  auto file = LocalFile::open_locked(path + ".new");
  if (!file) return ftp::failed(file.error());
  if (auto emptied = file->cut(0); !emptied) return emptied;
  if (auto written = file->write(as_byte_view(to_text(journal))); !written) return written;
  return file->rename(path, true);
}

void remove_journal(const std::string& part) {
  std::error_code problem;
  std::filesystem::remove(journal_of(part), problem);
}

class SegmentedDownload {
 public:
  SegmentedDownload(ftp::Connection& connection, std::string remote, const std::string& local,
                    const FileOptions& options, const SegmentOptions& segments, Board& board, Board::Id id,
                    const std::atomic<bool>& stop)
      : connection_(connection),
        remote_(std::move(remote)),
        options_(options),
        segments_(segments),
        board_(board),
        id_(id),
        stop_(stop) {
    result_.target = local;
  }

  /// Nothing when the file is one for download().
  std::optional<Outcome<FileResult>> run();

 private:
  Outcome<bool> suits();
  Outcome<void> open_part();
  Outcome<std::vector<Run>> found();
  Outcome<void> attempt();
  Outcome<void> look_again();
  Outcome<void> move_all();
  Outcome<FileResult> mover(ftp::Connection& connection);
  Outcome<void> fetch(ftp::Connection& connection, const SegmentPlan::Claim& claim, std::uint64_t& moved);
  void record(bool now);
  Outcome<void> prove();
  Outcome<Comparison> compare_read(std::optional<Algorithm> algorithm);
  Outcome<void> publish();
  Failure explained(Failure failure);

  ftp::Connection& connection_;
  std::string remote_;
  const FileOptions& options_;
  const SegmentOptions& segments_;
  Board& board_;
  Board::Id id_;
  const std::atomic<bool>& stop_;
  FileResult result_;

  ftp::Entry source_;
  std::string identity_;
  std::optional<LocalFile> part_;
  std::optional<SegmentPlan> plan_;
  bool looked_ = false;     ///< at the source, in this try
  bool sent_anew_ = false;  ///< because the checksum differed: this is done once

  std::mutex mutex_;  ///< of what movers share beside the plan
  std::optional<Failure> failure_;
  std::chrono::steady_clock::time_point recorded_{};
};

std::optional<Outcome<FileResult>> SegmentedDownload::run() {
  const auto suitable = suits();
  if (!suitable || !*suitable) return std::nullopt;  // download() meets the same failure, and deals with it
  looked_ = true;
  if (auto opened = open_part(); !opened) return ftp::failed(explained(opened.error()));
  Tries tries(options_, board_, id_, stop_);
  for (;;) {
    auto done = attempt();
    if (done) break;
    record(true);
    if (!tries.again(done.error(), plan_->bytes())) return ftp::failed(explained(done.error()));
    looked_ = false;
  }
  board_.phase(id_, Phase::done, result_.proof);
  return result_;
}

Outcome<bool> SegmentedDownload::suits() {
  const std::string part = result_.target + ".part";
  if (segments_.connections < 2 && !exists_here(journal_of(part))) return false;
  if (exists_here(result_.target) && options_.existing != Existing::overwrite) return false;
  if (std::error_code problem; std::filesystem::is_directory(result_.target, problem)) return false;
  board_.phase(id_, Phase::connecting);
  if (auto opened = connection_.open(); !opened) return ftp::failed(opened.error());
  // Not what a listing said of it: that may be less exact than what is compared with it in the end.
  auto entry = connection_.stat(remote_);
  if (!entry) return ftp::failed(entry.error());
  source_ = std::move(*entry);
  identity_ = identity_of(source_);
  return source_.kind == ftp::Kind::file && source_.size.value_or(0) >= least_parted && connection_.restarts();
}

Outcome<void> SegmentedDownload::open_part() {
  auto file = LocalFile::open_locked(result_.target + ".part");
  if (!file) return ftp::failed(file.error());
  part_ = std::move(*file);
  auto there = found();
  if (!there) return ftp::failed(there.error());
  plan_.emplace(*source_.size, *there, segments_.connections);
  if (there->empty())
    if (auto emptied = part_->cut(0); !emptied) return emptied;
  if (auto room = part_->reserve(*source_.size); !room) return room;
  part_->set_source(std::string(holes));
  return write_journal(journal_of(part_->path()), {.identity = identity_, .size = *source_.size, .runs = *there});
}

/// What an earlier run left, in stretches or as a beginning.
Outcome<std::vector<Run>> SegmentedDownload::found() {
  const bool parted = exists_here(journal_of(part_->path()));
  const auto journal = parted ? read_journal(journal_of(part_->path())) : std::nullopt;
  if (journal && journal->identity == identity_ && journal->size == *source_.size &&
      (journal->runs.empty() || journal->runs.back().end <= part_->size()))
    return journal->runs;
  const std::uint64_t beginning = part_->size() - tail_of(part_->size());
  if (parted || beginning == 0 || part_->size() > *source_.size || part_->source() != identity_)
    return std::vector<Run>();
  board_.phase(id_, Phase::verifying, "reading what is there");
  const auto crc = crc64_of(*part_, 0, beginning, waiting_tick(connection_, stop_));
  if (!crc) return ftp::failed(crc.error());
  return std::vector<Run>{{.from = 0, .end = beginning, .crc = *crc}};
}

Outcome<void> SegmentedDownload::attempt() {
  if (stop_) return ftp::failed(Why::cancelled, "stopped");
  if (!std::exchange(looked_, true))
    if (auto looked = look_again(); !looked) return looked;
  if (auto moved = move_all(); !moved) return moved;
  // The stretches came one by one: all must be of the same state of the source.
  if (auto looked = look_again(); !looked) return looked;
  if (!plan_->complete())
    return ftp::failed({.why = Why::mismatch, .text = "the file was changed on the server meanwhile", .again = true});
  if (auto proved = prove(); !proved) return proved;
  return publish();
}

/// Begins anew when the source is not what it was.
Outcome<void> SegmentedDownload::look_again() {
  auto entry = connection_.stat(remote_);
  if (!entry) return ftp::failed(entry.error());
  source_ = std::move(*entry);
  if (identity_of(source_) == identity_) return {};
  if (!source_.size) return ftp::failed(Why::mismatch, "the server no longer tells the size of its file");
  identity_ = identity_of(source_);
  plan_.emplace(*source_.size, std::vector<Run>(), segments_.connections);
  return part_->cut(0);
}

Outcome<void> SegmentedDownload::move_all() {
  failure_.reset();
  board_.start(id_, plan_->bytes(), plan_->size());
  Queue queue({.workers = segments_.connections, .note = segments_.note}, beginning_with(connection_, segments_.more),
              stop_);
  for (unsigned i = 0; i < segments_.connections; ++i)
    queue.add({.work = [this](ftp::Connection& connection) { return mover(connection); }, .ended = {}});
  const auto ended = queue.finish();
  if (plan_->complete()) return {};
  if (failure_) return ftp::failed(*failure_);
  if (!ended) return ftp::failed(ended.error());
  return ftp::failed(
      {.why = Why::mismatch, .text = fmt::format("{} of {} bytes came", plan_->bytes(), plan_->size()), .again = true});
}

/// Fetches stretch after stretch, until all are there or somebody else's.
Outcome<FileResult> SegmentedDownload::mover(ftp::Connection& connection) {
  while (const auto claim = plan_->take()) {
    std::uint64_t moved = 0;
    auto fetched = fetch(connection, *claim, moved);
    plan_->leave(claim->id);
    // A cut connection that brought something is worth another one at once.
    if (fetched || (fetched.error().again && !stop_ && moved >= Tries::progress)) continue;
    const std::scoped_lock lock(mutex_);
    if (!failure_ || failure_->again) failure_ = fetched.error();
    return ftp::failed(fetched.error());
  }
  return FileResult{};  // the whole is told by who began it
}

/// Up to the end of the stretch, or where others go on.
Outcome<void> SegmentedDownload::fetch(ftp::Connection& connection, const SegmentPlan::Claim& claim,
                                       std::uint64_t& moved) {
  std::uint64_t crc = claim.crc;
  bool enough = false;
  const ftp::Sink sink = [&](ByteView bytes) -> Outcome<void> {
    if (options_.pace) options_.pace(bytes.size(), stop_);
    while (!bytes.empty()) {
      const ByteView mine = bytes.first(plan_->room(claim.id, bytes.size()));
      enough = mine.empty();
      if (enough) return ftp::failed(Why::cancelled, "the rest is not wanted");
      if (auto written = part_->write_at(claim.from + moved, mine); !written) return written;
      crc = digest::crc64(mine, crc);
      plan_->moved(claim.id, mine.size(), crc);
      moved += mine.size();
      board_.moved(id_, mine.size());
      bytes = bytes.subspan(mine.size());
    }
    record(false);
    return {};
  };
  const bool to_the_end = claim.end == plan_->size();
  auto done =
      connection.receive(remote_, claim.from, to_the_end ? std::nullopt : std::optional(claim.end - claim.from), sink);
  const std::scoped_lock lock(mutex_);
  result_.moved += moved;
  if (enough || (done && plan_->room(claim.id, 1) == 0)) return {};
  if (!done) return done;
  return ftp::failed({.why = Why::mismatch, .text = "the server's file ends too early", .again = true});
}

/// Says on disk what is there, after it is there. One mover does it while the others go on.
void SegmentedDownload::record(bool now) {
  const auto time = std::chrono::steady_clock::now();
  {
    const std::scoped_lock lock(mutex_);
    if (!now && time - recorded_ < between_records) return;
    recorded_ = time;
  }
  const Journal journal{.identity = identity_, .size = plan_->size(), .runs = plan_->runs()};
  // Without it the next run fetches more than it must, and no more.
  if (part_->sync()) static_cast<void>(write_journal(journal_of(part_->path()), journal));
}

Outcome<void> SegmentedDownload::prove() {
  board_.phase(id_, Phase::verifying);
  auto algorithm = choose_checksum(connection_, options_.proof);
  if (!algorithm) return ftp::failed(algorithm.error());
  auto comparison = *algorithm == Algorithm::crc64 ? compare(connection_, remote_, Algorithm::crc64,
                                                             crc64_text(plan_->runs().front().crc), plan_->size())
                                                   : compare_read(*algorithm);
  if (!comparison) return ftp::failed(comparison.error());
  if (comparison->verdict == Verdict::unknown && options_.proof == Proof::strong)
    return ftp::failed(Why::refused, "the server gives no checksum: " + comparison->text);
  if (comparison->verdict == Verdict::different) {
    plan_.emplace(plan_->size(), std::vector<Run>(), segments_.connections);
    if (auto emptied = part_->cut(0); !emptied) return emptied;
    return ftp::failed({.why = Why::mismatch,
                        .text = comparison->text + "; what came was thrown away",
                        .again = !std::exchange(sent_anew_, true)});
  }
  result_.proof = comparison->verdict == Verdict::equal ? comparison->text
                  : options_.proof == Proof::none       ? ""
                                                        : "size";
  return {};
}

/// For other checksums than CRC-64, which are not put together from those of stretches.
Outcome<Comparison> SegmentedDownload::compare_read(std::optional<Algorithm> algorithm) {
  RunningSum sum(algorithm);
  if (auto read = sum.catch_up(*part_, plan_->size(), waiting_tick(connection_, stop_)); !read)
    return ftp::failed(read.error());
  return compare(connection_, remote_, sum);
}

Outcome<void> SegmentedDownload::publish() {
  board_.phase(id_, Phase::storing);
  const std::string part = part_->path();
  result_.size = plan_->size();
  part_->set_source("");
  if (options_.keep_times && source_.modified && source_.exact_time) part_->set_modified(*source_.modified);
  if (auto safe = part_->sync(); !safe) return safe;
  if (auto named = part_->rename(result_.target, options_.existing == Existing::overwrite); !named) return named;
  remove_journal(part);
  return {};
}

Failure SegmentedDownload::explained(Failure failure) {
  if (stop_) failure = {.why = Why::cancelled, .text = "stopped"};
  board_.phase(id_, Phase::failed, failure.text);
  if (!plan_) return failure;
  if (plan_->bytes() == 0) {
    remove_journal(part_->path());
    std::error_code problem;
    std::filesystem::remove(part_->path(), problem);
  } else {
    failure.text += fmt::format("; {} keeps {}, the same command goes on there", escape_control(part_->path()),
                                format_bytes(plan_->bytes()));
  }
  return failure;
}

}  // namespace

Outcome<std::uint64_t> keep_beginning(LocalFile& part) {
  if (!exists_here(journal_of(part.path()))) return part.size();
  const auto journal = read_journal(journal_of(part.path()));
  const bool begun = journal && !journal->runs.empty() && journal->runs[0].from == 0;
  const std::uint64_t beginning = begun ? std::min(journal->runs[0].end, part.size()) : 0;
  if (auto cut = part.cut(beginning); !cut) return ftp::failed(cut.error());
  part.set_source(journal ? journal->identity : "");
  remove_journal(part.path());
  return beginning;
}

Outcome<FileResult> download_segmented(ftp::Connection& connection, const std::string& remote, const std::string& local,
                                       const FileOptions& options, const SegmentOptions& segments, Board& board,
                                       Board::Id id, const std::atomic<bool>& stop) {
  auto parted = SegmentedDownload(connection, remote, local, options, segments, board, id, stop).run();
  return parted ? std::move(*parted) : download(connection, remote, local, options, board, id, stop);
}

}  // namespace gantry::transfer
