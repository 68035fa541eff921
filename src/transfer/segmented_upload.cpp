#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "proto/quoted_names.hpp"
#include "transfer/existing.hpp"
#include "transfer/proof.hpp"
#include "transfer/retry.hpp"
#include "transfer/segments.hpp"

namespace gantry::transfer {
namespace {

using digest::Algorithm;

/// Stores copy no smaller parts.
constexpr std::uint64_t least_part = 8 * mib;
/// Lost connections cost at most so much, and nobody waits long for the last one.
constexpr std::uint64_t largest_part = 256 * mib;
/// What servers read of one command, less what may stand around it.
constexpr std::size_t longest_join = 4000;

class SegmentedUpload {
 public:
  SegmentedUpload(ftp::Connection& connection, LocalFile file, std::string remote, const FileOptions& options,
                  const SegmentOptions& segments, Board& board, Board::Id id, const std::atomic<bool>& stop)
      : connection_(connection),
        file_(std::move(file)),
        options_(options),
        segments_(segments),
        board_(board),
        id_(id),
        stop_(stop) {
    result_.target = std::move(remote);
    result_.size = file_.size();
  }

  /// Nothing when the file is one for upload().
  std::optional<Outcome<FileResult>> run();

 private:
  struct Part {
    std::string path;
    std::uint64_t from = 0;
    std::uint64_t size = 0;
    std::uint64_t sent = 0;
    std::uint64_t crc = 0;  ///< of what was sent
    bool whole = false;     ///< and seen to be there
    bool taken_on = false;  ///< what an earlier try left of it was not compared: the server tells no checksum of it
  };

  Outcome<bool> suits();
  bool lay_out();
  Outcome<void> attempt();
  Outcome<void> send_all();
  Outcome<void> look_at(ftp::Connection& connection, Part& part);
  Outcome<void> send(ftp::Connection& connection, Part& part);
  Outcome<std::size_t> give(Part& part, MutableBytes space);
  Outcome<void> join();
  Outcome<void> prove();
  Outcome<bool> joined_before();
  Outcome<void> differs(const std::string& how);
  void clean_up();
  Failure explained(Failure failure);
  [[nodiscard]] std::uint64_t sent() const;
  [[nodiscard]] std::string sum() const;

  ftp::Connection& connection_;
  LocalFile file_;
  const FileOptions& options_;
  const SegmentOptions& segments_;
  Board& board_;
  Board::Id id_;
  const std::atomic<bool>& stop_;
  FileResult result_;

  std::vector<Part> parts_;
  bool asked_ = false;      ///< to join; nobody knows what came of it until the answer is here
  bool refused_ = false;    ///< the server does not join these
  bool sent_anew_ = false;  ///< because the checksum differed: this is done once

  std::mutex mutex_;  ///< of what senders share
  std::optional<Failure> failure_;
};

std::optional<Outcome<FileResult>> SegmentedUpload::run() {
  const auto suitable = suits();
  if (!suitable || !*suitable || !lay_out()) return std::nullopt;  // upload() meets the same failure
  Tries tries(options_, board_, id_, stop_);
  for (;;) {
    auto done = attempt();
    if (done) break;
    if (refused_) {
      clean_up();
      return std::nullopt;
    }
    if (!tries.again(done.error(), sent())) return ftp::failed(explained(done.error()));
  }
  board_.phase(id_, Phase::done, result_.proof);
  return result_;
}

Outcome<bool> SegmentedUpload::suits() {
  if (segments_.connections < 2 || file_.size() < 2 * least_part) return false;
  board_.phase(id_, Phase::connecting);
  if (auto opened = connection_.open(); !opened) return ftp::failed(opened.error());
  if (!connection_.features().has("COMB")) return false;
  const auto there = connection_.stat(result_.target);
  if (!there) return there.error().why == Why::refused && !there.error().again;
  return there->kind == ftp::Kind::file && options_.existing == Existing::overwrite;
}

/// False when the names of the parts do not fit into one command. They tell the target, size and time: only the same
/// file goes on with them.
bool SegmentedUpload::lay_out() {
  const std::string about = fmt::format("{}\n{}\n{}", result_.target, file_.size(), file_.opened().modified_ns);
  const std::string stem = fmt::format("{}/.gantry-{:016x}.", result_.target.substr(0, result_.target.rfind('/')),
                                       digest::crc64(as_byte_view(about)));
  const std::size_t fit = (longest_join - std::min(longest_join, proto::quote_name(result_.target).size())) /
                          (proto::quote_name(stem).size() + std::string_view(" 0000").size());
  const std::uint64_t most = std::min<std::uint64_t>(fit, file_.size() / least_part);
  const std::uint64_t wanted =
      std::max<std::uint64_t>(segments_.connections, (file_.size() + largest_part - 1) / largest_part);
  const std::uint64_t count = std::min(wanted, most);
  if (count < 2) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t from = file_.size() / count * i;
    const std::uint64_t end = i + 1 == count ? file_.size() : file_.size() / count * (i + 1);
    parts_.push_back({.path = fmt::format("{}{:04}", stem, i + 1), .from = from, .size = end - from});
  }
  return true;
}

Outcome<void> SegmentedUpload::attempt() {
  if (stop_) return ftp::failed(Why::cancelled, "stopped");
  if (asked_) {
    auto joined = joined_before();
    if (!joined) return ftp::failed(joined.error());
    if (*joined) return prove();
  }
  if (auto all = send_all(); !all) return all;
  auto now = file_.now();
  if (!now) return ftp::failed(now.error());
  if (*now != file_.opened())
    return ftp::failed(Why::mismatch, "the file was changed while it was sent; the server's is as it was");
  if (auto joined = join(); !joined) return joined;
  return prove();
}

Outcome<void> SegmentedUpload::send_all() {
  failure_.reset();
  for (Part& part : parts_) part.whole = false;
  board_.start(id_, sent(), file_.size());
  Queue queue({.workers = segments_.connections, .note = segments_.note}, beginning_with(connection_, segments_.more),
              stop_);
  for (Part& part : parts_)
    queue.add({.work = [this, &part](ftp::Connection& connection) -> Outcome<FileResult> {
                 auto done = send(connection, part);
                 if (done) return FileResult{};
                 const std::scoped_lock lock(mutex_);
                 if (!failure_ || failure_->again) failure_ = done.error();
                 return ftp::failed(done.error());
               },
               .ended = {}});
  if (auto ended = queue.finish(); !ended && !failure_) return ended;
  return failure_ ? Outcome<void>(ftp::failed(*failure_)) : Outcome<void>();
}

/// What the server has of a part; what is no beginning of it is sent anew.
Outcome<void> SegmentedUpload::look_at(ftp::Connection& connection, Part& part) {
  part.sent = 0;
  part.crc = 0;
  part.taken_on = false;
  auto there = connection.stat(part.path);
  if (!there)
    return there.error().why == Why::refused && !there.error().again ? Outcome<void>() : ftp::failed(there.error());
  const std::uint64_t size = there->size.value_or(0);
  if (size == 0 || size > part.size) return {};
  auto crc = crc64_of(file_, part.from, part.from + size, waiting_tick(connection, stop_));
  if (!crc) return ftp::failed(crc.error());
  auto theirs = connection.hash(part.path, Algorithm::crc64, {}, size);
  if (!theirs && (theirs.error().again || theirs.error().why != Why::refused)) return ftp::failed(theirs.error());
  if (theirs && theirs->hex != crc64_text(*crc)) return {};
  // What is refused is held for us, unfinished. Its name says that it is ours; the checksum of the whole must tell in
  // the end.
  part.taken_on = !theirs;
  part.sent = size;
  part.crc = *crc;
  part.whole = size == part.size;
  return {};
}

Outcome<void> SegmentedUpload::send(ftp::Connection& connection, Part& part) {
  const std::uint64_t before = part.sent;
  if (auto looked = look_at(connection, part); !looked) return looked;
  if (part.sent > before) board_.moved(id_, part.sent - before);
  if (part.whole) return {};
  auto told = connection.command(fmt::format("ALLO {}", part.size - part.sent));
  if (!told) return ftp::failed(told.error());
  const ftp::Source source = [&](MutableBytes space) { return give(part, space); };
  auto done = connection.send(part.path, {.offset = part.sent}, source, {});
  part.whole = done.has_value();
  return done;
}

Outcome<std::size_t> SegmentedUpload::give(Part& part, MutableBytes space) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), part.size - part.sent));
  auto got = file_.read_at(part.from + part.sent, space.first(count));
  if (!got) return got;
  if (*got == 0 && count > 0) return ftp::failed(Why::mismatch, "the file became shorter while it was sent");
  if (options_.pace) options_.pace(*got, stop_);
  part.crc = digest::crc64(ByteView(space).first(*got), part.crc);
  part.sent += *got;
  board_.moved(id_, *got);
  const std::scoped_lock lock(mutex_);
  result_.moved += *got;
  return got;
}

Outcome<void> SegmentedUpload::join() {
  board_.phase(id_, Phase::storing, "joining the parts");
  std::string line = "COMB " + proto::quote_name(result_.target);
  for (const Part& part : parts_) line += " " + proto::quote_name(part.path);
  asked_ = true;
  auto reply = connection_.command(line);
  if (!reply) return ftp::failed(reply.error());
  if (reply->positive()) return {};
  refused_ = reply->code >= 500;
  return ftp::failed({.why = Why::refused, .text = reply->text(), .reply = reply->code, .again = reply->code < 500});
}

/// Whether the target is the whole file, after an answer was lost.
Outcome<bool> SegmentedUpload::joined_before() {
  auto there = connection_.stat(result_.target);
  if (!there && (there.error().why != Why::refused || there.error().again)) return ftp::failed(there.error());
  if (!there || there->size != file_.size()) return false;
  auto comparison = compare(connection_, result_.target, Algorithm::crc64, sum(), file_.size());
  if (!comparison) return ftp::failed(comparison.error());
  return comparison->verdict == Verdict::equal;
}

Outcome<void> SegmentedUpload::prove() {
  if (options_.proof != Proof::none) {
    board_.phase(id_, Phase::verifying);
    auto comparison = compare(connection_, result_.target, Algorithm::crc64, sum(), file_.size());
    if (!comparison) return ftp::failed(comparison.error());
    result_.proof = comparison->text;
    if (comparison->verdict == Verdict::different) return differs(comparison->text);
    if (comparison->verdict == Verdict::unknown) {
      if (std::ranges::any_of(parts_, &Part::taken_on)) return differs(comparison->text);
      auto proof = prove_without_checksum(connection_, result_.target, file_.size(), options_.proof, comparison->text);
      if (!proof) return ftp::failed(proof.error());
      result_.proof = std::move(*proof);
    }
  }
  if (options_.keep_times) static_cast<void>(connection_.set_modified(result_.target, file_.opened().modified()));
  return {};
}

/// What was joined is no copy, or cannot be shown to be one: all of it is sent anew, once.
Outcome<void> SegmentedUpload::differs(const std::string& how) {
  asked_ = false;
  for (Part& part : parts_) part.sent = 0;
  return ftp::failed({.why = Why::mismatch,
                      .text = how + "; the server's file is no copy",
                      .again = !std::exchange(sent_anew_, true)});
}

void SegmentedUpload::clean_up() {
  for (const Part& part : parts_)
    if (part.sent > 0) static_cast<void>(connection_.command("DELE " + part.path));
}

Failure SegmentedUpload::explained(Failure failure) {
  if (stop_) failure = {.why = Why::cancelled, .text = "stopped"};
  const bool goes_on = failure.why == Why::cancelled || failure.why == Why::network || failure.again;
  board_.phase(id_, Phase::failed, failure.text);
  if (goes_on)
    failure.text += fmt::format("; the server keeps {} of it, the same command goes on there", format_bytes(sent()));
  else
    clean_up();
  return failure;
}

std::uint64_t SegmentedUpload::sent() const {
  std::uint64_t bytes = 0;
  for (const Part& part : parts_) bytes += part.sent;
  return bytes;
}

std::string SegmentedUpload::sum() const {
  std::uint64_t crc = 0;
  for (const Part& part : parts_) crc = digest::crc64_combine(crc, part.crc, part.size);
  return crc64_text(crc);
}

}  // namespace

Outcome<FileResult> upload_segmented(ftp::Connection& connection, const std::string& local, const std::string& remote,
                                     const FileOptions& options, const SegmentOptions& segments, Board& board,
                                     Board::Id id, const std::atomic<bool>& stop) {
  auto file = LocalFile::open(local);
  if (!file) return ftp::failed(file.error());
  auto parted = SegmentedUpload(connection, std::move(*file), remote, options, segments, board, id, stop).run();
  return parted ? std::move(*parted) : upload(connection, local, remote, options, board, id, stop);
}

}  // namespace gantry::transfer
