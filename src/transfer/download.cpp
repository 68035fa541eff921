#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "transfer/existing.hpp"
#include "transfer/file.hpp"
#include "transfer/local_file.hpp"
#include "transfer/proof.hpp"
#include "transfer/retry.hpp"
#include "transfer/segments.hpp"

namespace gantry::transfer {
namespace {

constexpr std::string_view suffix = ".part";

class Download {
 public:
  Download(ftp::Connection& connection, std::string remote, const std::string& local, const FileOptions& options,
           Board& board, Board::Id id, const std::atomic<bool>& stop)
      : connection_(connection),
        remote_(std::move(remote)),
        options_(options),
        board_(board),
        id_(id),
        stop_(stop),
        known_(options.known) {
    result_.target = local;
  }

  Outcome<FileResult> run();

 private:
  Outcome<void> attempt();
  Outcome<void> look_at_source();
  Outcome<void> decide();
  Outcome<void> differs(const std::string& what);
  Outcome<bool> same(LocalFile& file);
  Outcome<void> transfer();
  Outcome<void> open_part();
  Outcome<void> load_tail();
  Outcome<void> begin_anew();
  Outcome<void> reject_tail();
  Outcome<void> take(ByteView bytes);
  Outcome<void> prove();
  Outcome<void> publish();
  Failure explained(Failure failure);
  [[nodiscard]] std::string part_name() const { return result_.target + std::string(suffix); }

  ftp::Connection& connection_;
  std::string remote_;
  const FileOptions& options_;
  Board& board_;
  Board::Id id_;
  const std::atomic<bool>& stop_;
  FileResult result_;

  std::optional<ftp::Entry> known_;  ///< of the source, before the first try
  ftp::Entry source_;
  std::optional<std::uint64_t> size_;  ///< of the source, where the server tells
  std::string identity_;
  bool decided_ = false;  ///< about the target
  bool replace_ = false;
  bool sent_anew_ = false;  ///< because the checksum differed: this is done once

  std::optional<LocalFile> part_;
  bool is_target_ = false;      ///< `part_` still has the final name: it may be a beginning of the source
  std::uint64_t position_ = 0;  ///< bytes in `part_`
  std::optional<RunningSum> sum_;

  std::vector<std::byte> tail_;  ///< the last bytes of `part_`, which must come again
  std::size_t checked_ = 0;
  bool tail_differs_ = false;
};

Outcome<FileResult> Download::run() {
  Tries tries(options_, board_, id_, stop_);
  for (;;) {
    auto done = attempt();
    if (done) break;
    if (!tries.again(done.error(), position_)) return ftp::failed(explained(done.error()));
  }
  board_.phase(id_, result_.end == End::done ? Phase::done : Phase::skipped,
               result_.end == End::done ? result_.proof : "already there");
  return result_;
}

Outcome<void> Download::attempt() {
  if (stop_) return ftp::failed(Why::cancelled, "stopped");
  board_.phase(id_, Phase::connecting);
  if (auto looked = look_at_source(); !looked) return looked;
  if (!decided_) {
    if (auto made = decide(); !made) return made;
    decided_ = true;
  }
  if (result_.end != End::done) return {};
  if (auto moved = transfer(); !moved || result_.end != End::done) return moved;
  if (auto proved = prove(); !proved) return proved;
  return publish();
}

Outcome<void> Download::look_at_source() {
  if (auto opened = connection_.open(); !opened) return opened;
  // What a listing said counts for the first try only: later the file may be another one.
  auto entry = known_ ? Outcome<ftp::Entry>(*std::exchange(known_, std::nullopt)) : connection_.stat(remote_);
  if (!entry) return ftp::failed(entry.error());
  if (entry->kind == ftp::Kind::directory) return ftp::failed(Why::refused, "is a directory on the server");
  source_ = std::move(*entry);
  if (source_.kind == ftp::Kind::link) source_.size.reset();  // it may be the length of the link itself
  size_ = source_.size;
  if (!sum_) {
    auto algorithm = choose_checksum(connection_, options_.proof);
    if (!algorithm) return ftp::failed(algorithm.error());
    sum_.emplace(*algorithm);
  }
  const std::string now = identity_of(source_);
  const bool changed = part_ && now != identity_;
  identity_ = now;
  if (!changed) return {};
  if (!is_target_) return begin_anew();
  part_.reset();
  decided_ = is_target_ = false;
  return {};
}

Outcome<void> Download::decide() {
  const std::string& target = result_.target;
  if (!exists_here(target)) return {};
  if (std::error_code problem; std::filesystem::is_directory(target, problem))
    return ftp::failed(Why::local, escape_control(target) + ": is a directory");
  if (options_.existing == Existing::skip || options_.existing == Existing::overwrite) return differs("");
  auto file = LocalFile::open(target);
  if (!file) return ftp::failed(file.error());
  if (!size_) return differs("it is there already, and the server does not tell the size of its file");
  if (file->size() > *size_)
    return differs(fmt::format("it is there already and longer: {} bytes, {} on the server", file->size(), *size_));
  if (file->size() == *size_) {
    auto equal = same(*file);
    if (!equal) return ftp::failed(equal.error());
    if (!*equal) return differs("it is there already with the same size, but differs");
    result_.end = End::already_there;
    result_.size = *size_;
    return {};
  }
  if (options_.existing == Existing::rename || exists_here(part_name()))
    return differs(fmt::format("it is there already and shorter: {} bytes, {} on the server", file->size(), *size_));
  auto beginning = LocalFile::open_locked(target);
  if (!beginning) return ftp::failed(beginning.error());
  part_ = std::move(*beginning);
  position_ = part_->size();
  is_target_ = true;
  return {};
}

/// The target is there and not the same: does what the options, or the user, say.
Outcome<void> Download::differs(const std::string& what) {
  auto wish = settle(options_, result_.target, what);
  if (!wish) return ftp::failed(wish.error());
  replace_ = *wish == Existing::overwrite;
  if (*wish == Existing::skip) result_.end = End::skipped;
  if (*wish != Existing::rename) return {};
  auto name = free_name(result_.target, [](const std::string& path) -> Outcome<bool> { return exists_here(path); });
  if (!name) return ftp::failed(name.error());
  result_.target = *name;
  return {};
}

/// Of files of equal size. Without checksums the last bytes decide, and the time: the older one here is another one.
Outcome<bool> Download::same(LocalFile& file) {
  board_.phase(id_, Phase::verifying, "comparing with what is there");
  RunningSum sum(sum_->algorithm());
  if (auto read = sum.catch_up(file, file.size(), waiting_tick(connection_, stop_)); !read)
    return ftp::failed(read.error());
  auto comparison = compare(connection_, remote_, sum);
  if (!comparison) return ftp::failed(comparison.error());
  if (comparison->verdict == Verdict::unknown && options_.proof == Proof::strong)
    return ftp::failed(Why::refused, "the server gives no checksum: " + comparison->text);
  result_.proof = comparison->verdict == Verdict::equal ? comparison->text : "size";
  if (comparison->verdict != Verdict::unknown) return comparison->verdict == Verdict::equal;
  if (source_.modified && source_.exact_time && file.opened().modified() < *source_.modified) return false;
  if (options_.proof == Proof::none) return true;
  auto tail = compare_tail(connection_, remote_, file, file.size());
  if (!tail) return ftp::failed(tail.error());
  return *tail == Verdict::equal;
}

Outcome<void> Download::transfer() {
  if (auto opened = open_part(); !opened) return opened;
  if (auto loaded = load_tail(); !loaded) return loaded;
  board_.start(id_, position_, size_);
  const ftp::Sink sink = [this](ByteView bytes) { return take(bytes); };
  const bool restarted = position_ > tail_.size();
  auto done = connection_.receive(remote_, position_ - tail_.size(), {}, sink);
  if (tail_differs_ || (done && checked_ < tail_.size())) return reject_tail();
  if (!done && restarted && refuses_restart(done.error())) {
    if (is_target_) return reject_tail();
    if (auto emptied = begin_anew(); !emptied) return emptied;
    return transfer();
  }
  if (!done) return done;
  if (size_ && position_ != *size_)
    return ftp::failed(
        {.why = Why::mismatch, .text = fmt::format("{} of {} bytes came", position_, *size_), .again = true});
  return {};
}

Outcome<void> Download::open_part() {
  if (!part_) {
    auto file = LocalFile::open_locked(part_name());
    if (!file) return ftp::failed(file.error());
    part_ = std::move(*file);
    auto beginning = keep_beginning(*part_);
    if (!beginning) return ftp::failed(beginning.error());
    position_ = *beginning;
    const std::string before = part_->source();
    if (position_ > 0 && !before.empty() && before != identity_)
      if (auto emptied = begin_anew(); !emptied) return emptied;
  }
  if (!is_target_ && size_ && position_ > *size_)
    if (auto emptied = begin_anew(); !emptied) return emptied;
  if (!is_target_) part_->set_source(identity_);
  return part_->reserve(size_.value_or(0));
}

Outcome<void> Download::load_tail() {
  tail_differs_ = false;
  checked_ = 0;
  if (sum_->bytes() < position_) board_.phase(id_, Phase::verifying, "reading what is there");
  if (auto read = sum_->catch_up(*part_, position_, waiting_tick(connection_, stop_)); !read) return read;
  tail_.resize(static_cast<std::size_t>(tail_of(position_)));
  if (auto placed = part_->seek(position_ - tail_.size()); !placed) return placed;
  for (std::size_t have = 0; have < tail_.size();) {
    auto got = part_->read(MutableBytes(tail_).subspan(have));
    if (!got) return ftp::failed(got.error());
    if (*got == 0) return ftp::failed(Why::local, escape_control(part_->path()) + ": somebody else shortens it");
    have += *got;
  }
  return part_->seek(position_);
}

Outcome<void> Download::begin_anew() {
  position_ = 0;
  sum_->begin();
  if (auto emptied = part_->cut(0); !emptied) return emptied;
  return part_->seek(0);
}

/// What is there is no beginning of what the server has.
Outcome<void> Download::reject_tail() {
  if (!is_target_) {
    if (auto emptied = begin_anew(); !emptied) return emptied;
    return transfer();
  }
  part_.reset();
  is_target_ = false;
  position_ = 0;
  sum_->begin();
  if (auto settled = differs("it is there already and shorter, and no beginning of the server's file"); !settled)
    return settled;
  return result_.end == End::done ? transfer() : Outcome<void>();
}

Outcome<void> Download::take(ByteView bytes) {
  if (options_.pace) options_.pace(bytes.size(), stop_);
  result_.moved += bytes.size();
  if (checked_ < tail_.size()) {
    const std::size_t count = std::min(bytes.size(), tail_.size() - checked_);
    tail_differs_ = !std::ranges::equal(bytes.first(count), MutableBytes(tail_).subspan(checked_, count));
    if (tail_differs_) return ftp::failed(Why::mismatch, "the beginning differs");
    checked_ += count;
    bytes = bytes.subspan(count);
  }
  if (bytes.empty()) return {};
  if (size_ && bytes.size() > *size_ - position_)
    return ftp::failed({.why = Why::mismatch,
                        .text = fmt::format("the server sends more than the {} bytes it announced", *size_),
                        .again = true});
  if (is_target_) {
    if (auto renamed = part_->rename(part_name(), false); !renamed) return renamed;
    is_target_ = false;
    part_->set_source(identity_);
  }
  if (auto written = part_->write(bytes); !written) return written;
  sum_->add(position_, bytes);
  position_ += bytes.size();
  board_.moved(id_, bytes.size());
  return {};
}

Outcome<void> Download::prove() {
  board_.phase(id_, Phase::verifying);
  auto comparison = compare(connection_, remote_, *sum_);
  if (!comparison) return ftp::failed(comparison.error());
  if (comparison->verdict == Verdict::unknown && options_.proof == Proof::strong)
    return ftp::failed(Why::refused, "the server gives no checksum: " + comparison->text);
  if (comparison->verdict == Verdict::different) {
    const bool again = !std::exchange(sent_anew_, true);
    if (auto emptied = begin_anew(); !emptied) return emptied;
    return ftp::failed(
        {.why = Why::mismatch, .text = comparison->text + "; what came was thrown away", .again = again});
  }
  const bool sized = size_ && options_.proof != Proof::none;
  result_.proof = comparison->verdict == Verdict::equal ? comparison->text : sized ? "size" : "";
  return {};
}

Outcome<void> Download::publish() {
  board_.phase(id_, Phase::storing);
  part_->set_source("");
  if (options_.keep_times && source_.modified && source_.exact_time) part_->set_modified(*source_.modified);
  if (auto safe = part_->sync(); !safe) return safe;
  result_.size = position_;
  return part_->rename(result_.target, replace_);
}

/// What is kept, and how to go on.
Failure Download::explained(Failure failure) {
  if (stop_) failure = {.why = Why::cancelled, .text = "stopped"};
  board_.phase(id_, Phase::failed, failure.text);
  if (!part_ || is_target_) return failure;
  if (std::error_code problem; position_ == 0)
    std::filesystem::remove(part_->path(), problem);
  else
    failure.text += fmt::format("; {} keeps {}, the same command goes on there", escape_control(part_->path()),
                                format_bytes(position_));
  return failure;
}

}  // namespace

Outcome<FileResult> download(ftp::Connection& connection, const std::string& remote, const std::string& local,
                             const FileOptions& options, Board& board, Board::Id id, const std::atomic<bool>& stop) {
  return Download(connection, remote, local, options, board, id, stop).run();
}

}  // namespace gantry::transfer
