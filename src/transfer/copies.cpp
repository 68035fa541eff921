#include "transfer/copies.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace gantry::transfer {
namespace {

/// One file of the mirror, by what it knows of both sides.
FileTask file_of(const MirrorPlaces& places, const FileOptions& options, const std::string& path,
                 const ftp::Entry& from, bool may_continue) {
  FileTask file{.direction = places.direction,
                .remote = places.remote_path(path),
                .local = places.local_path(path),
                .options = options};
  // What is a beginning of the file is continued; anything else was compared already, and is to be replaced.
  file.options.existing = may_continue ? Existing::ask : Existing::overwrite;
  file.options.ask = [](const std::string&) { return Existing::overwrite; };
  // A listing that tells minutes is no use for the time of the copy.
  if (places.direction == Direction::down && from.exact_time && from.size) file.options.known = from;
  return file;
}

class InTurn final : public Copies {
 public:
  InTurn(ftp::Connection& connection, MirrorPlaces places, FileOptions options, Board& board,
         const std::atomic<bool>& stop)
      : connection_(connection), places_(std::move(places)), options_(std::move(options)), board_(board), stop_(stop) {}

  void copy(const std::string& path, const ftp::Entry& from, bool may_continue, Done done) override {
    done(task_of(file_of(places_, options_, path, from, may_continue), board_, stop_).work(connection_));
  }
  void finish() override {}

 private:
  ftp::Connection& connection_;
  MirrorPlaces places_;
  FileOptions options_;
  Board& board_;
  const std::atomic<bool>& stop_;
};

class SideBySide final : public Copies {
 public:
  SideBySide(QueueOptions queue, Connect connect, MirrorPlaces places, FileOptions options, Board& board,
             const std::atomic<bool>& stop)
      : queue_options_(std::move(queue)),
        connect_(std::move(connect)),
        places_(std::move(places)),
        options_(std::move(options)),
        board_(board),
        stop_(stop) {}

  void copy(const std::string& path, const ftp::Entry& from, bool may_continue, Done done) override;
  void finish() override;

 private:
  void end(std::uint64_t number, const Outcome<FileResult>& result);

  const QueueOptions queue_options_;
  const Connect connect_;
  const MirrorPlaces places_;
  const FileOptions options_;
  Board& board_;
  const std::atomic<bool>& stop_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Done> running_;  ///< under mutex_: what has not ended
  std::optional<Queue> queue_;             ///< the last member: its threads end before what they use
};

void SideBySide::end(std::uint64_t number, const Outcome<FileResult>& result) {
  std::map<std::uint64_t, Done>::node_type ended;
  {
    const std::scoped_lock lock(mutex_);
    ended = running_.extract(number);
  }
  if (ended) ended.mapped()(result);
}

void SideBySide::copy(const std::string& path, const ftp::Entry& from, bool may_continue, Done done) {
  if (!queue_) queue_.emplace(queue_options_, connect_, stop_);
  const std::uint64_t number = next_++;
  {
    const std::scoped_lock lock(mutex_);
    running_.emplace(number, std::move(done));
  }
  FileTask file = file_of(places_, options_, path, from, may_continue);
  file.ended = [this, number](const Outcome<FileResult>& result) { end(number, result); };
  if (!queue_->add(task_of(std::move(file), board_, stop_))) finish();
}

void SideBySide::finish() {
  if (!queue_) return;
  const auto finished = queue_->finish();
  queue_.reset();
  // Those that were not begun are told here.
  const Outcome<FileResult> not_begun =
      ftp::failed(finished ? Failure{.why = Why::cancelled, .text = "not begun"} : finished.error());
  for (auto& [number, done] : std::exchange(running_, {})) done(not_begun);
}

}  // namespace

std::unique_ptr<Copies> copies_in_turn(ftp::Connection& connection, MirrorPlaces places, FileOptions options,
                                       Board& board, const std::atomic<bool>& stop) {
  return std::make_unique<InTurn>(connection, std::move(places), std::move(options), board, stop);
}

std::unique_ptr<Copies> copies_side_by_side(QueueOptions queue, Connect connect, MirrorPlaces places,
                                            FileOptions options, Board& board, const std::atomic<bool>& stop) {
  return std::make_unique<SideBySide>(std::move(queue), std::move(connect), std::move(places), std::move(options),
                                      board, stop);
}

}  // namespace gantry::transfer
