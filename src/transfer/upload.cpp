#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "transfer/existing.hpp"
#include "transfer/file.hpp"
#include "transfer/local_file.hpp"
#include "transfer/proof.hpp"
#include "transfer/retry.hpp"

namespace gantry::transfer {
namespace {

/// The time that a server's clock may be behind ours, or cut from a time it was told.
constexpr Seconds slack(2);

class Upload {
 public:
  Upload(ftp::Connection& connection, LocalFile file, std::string remote, const FileOptions& options, Board& board,
         Board::Id id, const std::atomic<bool>& stop)
      : connection_(connection), file_(std::move(file)), options_(options), board_(board), id_(id), stop_(stop) {
    result_.target = std::move(remote);
    result_.size = file_.size();
  }

  Outcome<FileResult> run();

 private:
  Outcome<void> attempt();
  Outcome<void> look_at_target();
  Outcome<void> examine();
  Outcome<void> differs(const std::string& what);
  Outcome<void> send();
  Outcome<std::size_t> give(MutableBytes space);
  Outcome<void> prove();
  Outcome<void> unchanged() const;
  Outcome<void> keep_time();
  Failure explained(Failure failure);

  ftp::Connection& connection_;
  LocalFile file_;
  const FileOptions& options_;
  Board& board_;
  Board::Id id_;
  const std::atomic<bool>& stop_;
  FileResult result_;

  std::optional<RunningSum> sum_;
  std::optional<ftp::Entry> there_;  ///< the target, when the server shows one
  bool mine_ = false;                ///< this run has begun to write the target
  bool anew_ = false;                ///< the next try begins at the first byte, whatever is there
  bool sent_anew_ = false;           ///< because the checksum differed: this is done once
  bool whole_ = false;               ///< the target is the same as the file
  bool append_ = false;              ///< the server does not know REST for uploads
  bool believed_ = false;            ///< what the target began with is kept and was not compared
  std::uint64_t from_ = 0;           ///< bytes of the target that are kept
  std::uint64_t position_ = 0;       ///< of the next byte to be sent
  std::uint64_t kept_ = 0;           ///< most bytes the server was seen to have
};

Outcome<FileResult> Upload::run() {
  Tries tries(options_, board_, id_, stop_);
  for (;;) {
    auto done = attempt();
    if (done) break;
    if (!tries.again(done.error(), kept_)) return ftp::failed(explained(done.error()));
  }
  board_.phase(id_, result_.end == End::done ? Phase::done : Phase::skipped,
               result_.end == End::done ? result_.proof : "already there");
  return result_;
}

Outcome<void> Upload::attempt() {
  if (stop_) return ftp::failed(Why::cancelled, "stopped");
  board_.phase(id_, Phase::connecting);
  if (auto looked = look_at_target(); !looked) return looked;
  from_ = 0;
  if (there_ && !std::exchange(anew_, false))
    if (auto known = examine(); !known) return known;
  if (whole_ && !mine_) result_.end = End::already_there;
  if (result_.end != End::done) return {};
  if (whole_) return keep_time();
  if (auto sent = send(); !sent) return sent;
  if (auto proved = prove(); !proved) return proved;
  return keep_time();
}

Outcome<void> Upload::look_at_target() {
  if (auto opened = connection_.open(); !opened) return opened;
  if (!sum_) {
    auto algorithm = choose_checksum(connection_, options_.proof);
    if (!algorithm) return ftp::failed(algorithm.error());
    sum_.emplace(*algorithm);
  }
  there_.reset();
  auto entry = connection_.stat(result_.target);
  // Who may only write is told the same as of a file that is missing: the server decides when we send.
  if (!entry && (entry.error().why != Why::refused || entry.error().again)) return ftp::failed(entry.error());
  if (entry) there_ = std::move(*entry);
  if (there_ && there_->kind == ftp::Kind::directory)
    return ftp::failed(Why::refused, escape_control(result_.target) + ": is a directory on the server");
  return {};
}

/// Finds out what the target is to us: the same, a beginning (`from_`), or another file.
Outcome<void> Upload::examine() {
  const bool decided_before = options_.existing == Existing::skip || options_.existing == Existing::overwrite;
  if (!mine_ && decided_before) return differs("");
  if (!there_->size) return differs("it is there already, and the server does not tell its size");
  const std::uint64_t there = *there_->size;
  if (there > file_.size())
    return differs(fmt::format("it is there already and longer: {} bytes, {} here", there, file_.size()));
  if (there < file_.size() && !mine_ && options_.existing == Existing::rename)
    return differs(fmt::format("it is there already and shorter: {} bytes, {} here", there, file_.size()));
  board_.phase(id_, Phase::verifying, "comparing with what is there");
  if (auto read = sum_->catch_up(file_, there, waiting_tick(connection_, stop_)); !read) return read;
  if (there == file_.size() && sum_->algorithm()) {
    auto comparison = compare(connection_, result_.target, *sum_);
    if (!comparison) return ftp::failed(comparison.error());
    result_.proof = comparison->text;
    whole_ = comparison->verdict == Verdict::equal;
    if (whole_) return {};
    if (comparison->verdict == Verdict::different)
      return differs("it is there already and differs: " + comparison->text);
  }
  auto tail = compare_tail(connection_, result_.target, file_, there);
  if (!tail) return ftp::failed(tail.error());
  if (*tail == Verdict::different) return differs("it is there already and differs from the beginning of the file");
  // What cannot be read may be an upload that the server holds for us; the checksum of the whole tells in the end.
  if (*tail == Verdict::unknown && !mine_ && (!sum_->algorithm() || there_->unreadable))
    return differs("it is there already and cannot be read to compare it");
  from_ = kept_ = there;
  believed_ = believed_ || (*tail == Verdict::unknown && !mine_);
  if (*tail == Verdict::unknown || there < file_.size()) return {};
  if (options_.proof == Proof::strong)
    return ftp::failed(Why::refused, "the server gives no checksum: " + result_.proof);
  const bool older = there_->modified && there_->exact_time && *there_->modified + slack < file_.opened().modified();
  if (older && !mine_) return differs("it is there already with the same size, but older");
  whole_ = true;
  result_.proof = "size";
  return {};
}

/// The target is there and another file: does what the options, or the user, say.
Outcome<void> Upload::differs(const std::string& what) {
  from_ = 0;
  if (mine_) return {};
  auto wish = settle(options_, result_.target, what);
  if (!wish) return ftp::failed(wish.error());
  if (*wish == Existing::skip) result_.end = End::skipped;
  if (*wish != Existing::rename) return {};
  auto name = free_name(result_.target, [this](const std::string& path) -> Outcome<bool> {
    auto entry = connection_.stat(path);
    if (!entry && (entry.error().why != Why::refused || entry.error().again)) return ftp::failed(entry.error());
    return entry.has_value();
  });
  if (!name) return ftp::failed(name.error());
  result_.target = *name;
  return {};
}

Outcome<void> Upload::send() {
  if (auto read = sum_->catch_up(file_, from_, waiting_tick(connection_, stop_)); !read) return read;
  // Tells a server that counts a broken connection from the end of the file, and refuses early what does not fit.
  if (from_ < file_.size())
    if (auto told = connection_.command(fmt::format("ALLO {}", file_.size() - from_)); !told)
      return ftp::failed(told.error());
  if (auto placed = file_.seek(from_); !placed) return placed;
  position_ = from_;
  mine_ = true;
  if (from_ == 0) believed_ = false;
  board_.start(id_, from_, file_.size());
  const ftp::Source source = [this](MutableBytes space) { return give(space); };
  auto done = connection_.send(result_.target, {.offset = from_, .append = append_ && from_ > 0}, source,
                               [this] { board_.phase(id_, Phase::storing); });
  if (!done && from_ > 0 && !append_ && refuses_restart(done.error())) {
    append_ = true;
    return send();
  }
  return done;
}

Outcome<std::size_t> Upload::give(MutableBytes space) {
  const std::uint64_t left = file_.size() - position_;
  auto got = file_.read(space.first(static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), left))));
  if (!got) return got;
  if (*got == 0 && left > 0)
    return ftp::failed(Why::mismatch,
                       "the file became shorter while it was sent; what the server has is no copy of it");
  if (options_.pace) options_.pace(*got, stop_);
  sum_->add(position_, ByteView(space).first(*got));
  position_ += *got;
  result_.moved += *got;
  board_.moved(id_, *got);
  return got;
}

Outcome<void> Upload::prove() {
  kept_ = file_.size();
  if (auto same = unchanged(); !same) return same;
  board_.phase(id_, Phase::verifying);
  auto comparison = compare(connection_, result_.target, *sum_);
  if (!comparison) return ftp::failed(comparison.error());
  result_.proof = comparison->text;
  if (comparison->verdict == Verdict::equal) return {};
  if (comparison->verdict == Verdict::unknown && !believed_) {
    auto proof = prove_without_checksum(connection_, result_.target, file_.size(), options_.proof, comparison->text);
    if (!proof) return ftp::failed(proof.error());
    result_.proof = std::move(*proof);
    return {};
  }
  anew_ = !std::exchange(sent_anew_, true);
  kept_ = 0;
  return ftp::failed(
      {.why = Why::mismatch, .text = comparison->text + "; the server's file is no copy", .again = anew_});
}

Outcome<void> Upload::unchanged() const {
  auto now = file_.now();
  if (!now) return ftp::failed(now.error());
  if (*now == file_.opened()) return {};
  return ftp::failed(Why::mismatch, "the file was changed while it was sent; what the server has is no copy of it");
}

/// The file is there and proved: a server that cannot set times, or not this one, spoils nothing.
Outcome<void> Upload::keep_time() {
  if (!options_.keep_times || !connection_.features().has("MFMT")) return {};
  auto set = connection_.set_modified(result_.target, file_.opened().modified());
  return set || !set.error().again ? Outcome<void>() : set;
}

/// How to go on.
Failure Upload::explained(Failure failure) {
  if (stop_) failure = {.why = Why::cancelled, .text = "stopped"};
  board_.phase(id_, Phase::failed, failure.text);
  const bool helps = failure.why == Why::cancelled || failure.why == Why::network || failure.again;
  if (helps && mine_) failure.text += "; the same command goes on with what the server keeps";
  return failure;
}

}  // namespace

Outcome<FileResult> upload(ftp::Connection& connection, const std::string& local, const std::string& remote,
                           const FileOptions& options, Board& board, Board::Id id, const std::atomic<bool>& stop) {
  auto file = LocalFile::open(local);
  if (!file) return ftp::failed(file.error());
  return Upload(connection, std::move(*file), remote, options, board, id, stop).run();
}

}  // namespace gantry::transfer
