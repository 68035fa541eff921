#include "vfs/local_streams.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "vfs/local_errno.hpp"

namespace gantry::vfs {

namespace {

constexpr std::size_t page_entries = 1000;
constexpr std::size_t read_ahead_bytes = 256 * kib;  // one trip to the pool is worth this much
constexpr std::size_t direct_read_bytes = 128 * kib;
constexpr std::size_t first_buffer_bytes = 64 * kib;  // most files are small
constexpr std::size_t largest_buffer_bytes = mib;
// Without O_NONBLOCK, opening a pipe would wait for a writer.
constexpr int plain_file_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

class LocalReader final : public Reader {
 public:
  LocalReader(async::BlockingPool& pool, PlainFile plain, ByteRange range)
      : pool_(&pool),
        file_(std::make_shared<Descriptor>(std::move(plain.file))),
        in_memory_(plain.in_memory),
        size_(static_cast<std::uint64_t>(plain.status.st_size)),
        position_(range.offset),
        end_(range.offset + std::min(range.length, size_ - range.offset)) {}

  std::uint64_t size() const override { return size_; }
  std::optional<int> descriptor() const override { return file_->number(); }
  bool in_memory() const override { return in_memory_; }

  Task<Result<std::size_t>> read(MutableBytes buffer) override {
    if (buffer.empty()) co_return 0;
    if (ahead_begin_ == ahead_end_) {
      const bool direct = buffer.size() >= direct_read_bytes;
      if (!direct) ahead_.resize(read_ahead_bytes);
      auto count = co_await fetch(direct ? buffer : MutableBytes(ahead_));
      if (!count || direct) co_return count;
      ahead_begin_ = 0;
      ahead_end_ = *count;
    }
    const std::size_t count = std::min(buffer.size(), ahead_end_ - ahead_begin_);
    std::memcpy(buffer.data(), ahead_.data() + ahead_begin_, count);
    ahead_begin_ += count;
    co_return count;
  }

 private:
  Task<Result<std::size_t>> fetch(MutableBytes buffer) {
    const std::uint64_t left = end_ - position_;
    if (left == 0) co_return 0;
    if (buffer.size() > left) buffer = buffer.first(static_cast<std::size_t>(left));
    if (auto count = read_at_hand(buffer); count > 0) {
      position_ += count;
      co_return count;
    }
    auto count = co_await async::run_blocking(
        *pool_, [file = file_, buffer, offset = position_] { return read_at(file->number(), buffer, offset); });
    if (count) position_ += *count;
    co_return count;
  }

  /// Copies what is in memory: that is done sooner than another thread is woken. 0 when the disk has to be asked.
  std::size_t read_at_hand(MutableBytes buffer) const {
    const ::iovec room{buffer.data(), buffer.size()};
    const int flags = in_memory_ ? 0 : RWF_NOWAIT;
    const ::ssize_t count = ::preadv2(file_->number(), &room, 1, static_cast<::off_t>(position_), flags);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  static Result<std::size_t> read_at(int file, MutableBytes buffer, std::uint64_t offset) {
    while (true) {
      const ::ssize_t count = ::pread(file, buffer.data(), buffer.size(), static_cast<::off_t>(offset));
      if (count > 0) return static_cast<std::size_t>(count);
      if (count == 0) return fail(Errc::conflict, "read", "the file became shorter");
      if (errno != EINTR) return fail_errno(errno, "read", "open file");
    }
  }

  async::BlockingPool* pool_;
  std::shared_ptr<Descriptor> file_;
  bool in_memory_;
  std::uint64_t size_;
  std::uint64_t position_;
  std::uint64_t end_;
  std::vector<std::byte> ahead_;
  std::size_t ahead_begin_ = 0;
  std::size_t ahead_end_ = 0;
};

class LocalUpload final : public Upload {
 public:
  LocalUpload(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft)
      : pool_(&pool), draft_(std::move(draft)), flushed_(draft_->position()) {}

  Task<Result<MutableBytes>> prepare(std::size_t wanted) override {
    if (!draft_) co_return fail(Errc::invalid, "upload", "already ended");
    auto& buffer = draft_->buffer;
    // Small uploads stay small: the buffer grows with what really came.
    if (buffer.size == 0) buffer.resize(first_buffer_bytes);
    MutableBytes room = buffer.all().subspan(filled_);
    co_return room.first(std::clamp<std::size_t>(wanted, 1, room.size()));
  }

  Task<Result<void>> advance(std::size_t count) override {
    if (!draft_ || count > draft_->buffer.size - filled_) co_return fail(Errc::invalid, "upload", "nothing prepared");
    filled_ += count;
    if (filled_ == 0 || filled_ < draft_->buffer.size) co_return Result<void>{};
    if (auto flushed = co_await flush(); !flushed) co_return flushed;
    // In memory a larger buffer would only be colder.
    const std::size_t largest = draft_->at_hand() ? read_ahead_bytes : largest_buffer_bytes;
    if (draft_->buffer.size < largest) draft_->buffer.resize(draft_->buffer.size * 2);
    co_return Result<void>{};
  }

  bool takes_from_pipes() const override { return true; }

  Task<Result<void>> take_from_pipe(int pipe, std::size_t count) override {
    if (!draft_) co_return fail(Errc::invalid, "upload", "already ended");
    if (auto flushed = co_await flush(); !flushed) co_return flushed;
    draft_->buffer = {};
    auto taken =
        co_await on_draft(draft_, [draft = draft_, pipe, count] { return draft->take_from_pipe(pipe, count); });
    flushed_ = draft_->position();
    co_return taken;
  }

  std::uint64_t position() const override { return flushed_ + filled_; }

  Task<Result<Entry>> commit() override {
    if (!draft_) co_return fail(Errc::invalid, "commit", "already ended");
    auto draft = std::exchange(draft_, nullptr);
    // What is still to be written goes along: a small file takes one way to the pool.
    auto entry = co_await on_draft(draft, [draft, count = filled_] { return write_and_publish(*draft, count); });
    if (!entry && entry.error().code != Errc::unavailable) co_await drop(draft);
    co_return entry;
  }

  Task<Result<std::uint64_t>> hold() override {
    if (!draft_) co_return 0;
    // What cannot be written any more is not held; what was written before is.
    static_cast<void>(co_await flush());
    auto draft = std::exchange(draft_, nullptr);
    co_return co_await async::run_blocking(*pool_, [draft] { return draft->hold(); });
  }

  Task<void> abort() override {
    if (draft_) co_await drop(std::exchange(draft_, nullptr));
  }

 private:
  static Result<Entry> write_and_publish(LocalDraft& draft, std::size_t count) {
    auto written = draft.write(draft.buffer.all().first(count));
    if (written) return draft.publish();
    draft.discard();
    return fail(std::move(written.error()));
  }

  /// On the pool, unless it does not wait.
  template <class Call>
  Task<std::invoke_result_t<Call>> on_draft(const std::shared_ptr<LocalDraft>& draft, Call call) {
    if (draft->at_hand()) co_return call();
    co_return co_await async::run_blocking(*pool_, std::move(call));
  }

  Task<Result<void>> flush() {
    const std::size_t count = std::exchange(filled_, 0);
    if (count == 0) co_return Result<void>{};
    auto written =
        co_await on_draft(draft_, [draft = draft_, count] { return draft->write(draft->buffer.all().first(count)); });
    flushed_ = draft_->position();
    co_return written;
  }

  Task<void> drop(std::shared_ptr<LocalDraft> draft) {
    // A refused call leaves a hidden file at worst, which the sweep removes.
    static_cast<void>(co_await pool_->run([draft] { draft->discard(); }));
  }

  async::BlockingPool* pool_;
  std::shared_ptr<LocalDraft> draft_;
  std::uint64_t flushed_;
  std::size_t filled_ = 0;
};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class LocalListing final : public Listing {
 public:
  struct Scan {
    std::shared_ptr<LocalRoot> root;
    Path path;
    std::unique_ptr<DIR, CloseDirectory> directory;

    Result<std::vector<Entry>> next_page() const;
    std::optional<Entry> describe(const char* name) const;
  };

  LocalListing(async::BlockingPool& pool, std::shared_ptr<Scan> scan) : pool_(&pool), scan_(std::move(scan)) {}

  Task<Result<std::vector<Entry>>> next() override {
    co_return co_await async::run_blocking(*pool_, [scan = scan_] { return scan->next_page(); });
  }

 private:
  async::BlockingPool* pool_;
  std::shared_ptr<Scan> scan_;
};

Result<std::vector<Entry>> LocalListing::Scan::next_page() const {
  std::vector<Entry> page;
  while (page.size() < page_entries) {
    errno = 0;
    const dirent* found = ::readdir(directory.get());
    if (found == nullptr) {
      if (errno != 0) return fail_errno(errno, "list", path.text());
      break;
    }
    if (auto entry = describe(found->d_name)) page.push_back(std::move(*entry));
  }
  return page;
}

std::optional<Entry> LocalListing::Scan::describe(const char* found) const {
  const std::string_view name(found);
  // What no client could name is not shown: control characters, and our own files.
  if (!valid_name(name)) return std::nullopt;
  const int here = ::dirfd(directory.get());
  struct ::stat status{};
  if (is_hidden_name(name)) {
    const auto kept_for = name_of_held(name);
    if (!kept_for || !valid_name(*kept_for)) return std::nullopt;
    const bool published = ::fstatat(here, std::string(*kept_for).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    const auto held = held_status(here, *kept_for);
    if (published || !held) return std::nullopt;
    Entry entry = root->describe(*kept_for, *held);
    entry.held = true;
    return entry;
  }
  if (::fstatat(here, found, &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (S_ISLNK(status.st_mode)) {
    // A link shows as what it leads to; one to nowhere or out of the root as a file that cannot be opened.
    if (auto target = root->status(path.child(name))) status = *target;
  }
  return root->describe(name, status);
}

}  // namespace

Result<PlainFile> open_plain_file(const LocalRoot& root, const Path& path) {
  auto file = root.open_path(path, plain_file_flags);
  if (!file) {
    if (file.error().code == Errc::not_found && !path.is_root())
      if (auto parent = root.open_parent(path); parent && held_status(parent->number(), path.name()))
        file.error().code = Errc::unfinished;
    return fail(std::move(file.error()));
  }
  const bool in_memory = LocalRoot::in_memory(file->number());
  PlainFile plain{.file = std::move(*file), .in_memory = in_memory};
  if (::fstat(plain.file.number(), &plain.status) != 0) return fail_errno(errno, "open", path.text());
  if (S_ISDIR(plain.status.st_mode)) return fail(Errc::is_directory, "open", path.text());
  if (!S_ISREG(plain.status.st_mode)) return fail(Errc::denied, "open", path.text() + ": not a plain file");
  return plain;
}

std::optional<PlainFile> open_plain_file_at_hand(const LocalRoot& root, const Path& path) {
  auto file = root.open_at_hand(path, plain_file_flags);
  if (!file) return std::nullopt;
  PlainFile plain{.file = std::move(*file), .in_memory = root.in_memory()};
  if (::fstat(plain.file.number(), &plain.status) != 0 || !S_ISREG(plain.status.st_mode)) return std::nullopt;
  return plain;
}

Result<std::unique_ptr<Reader>> make_local_reader(async::BlockingPool& pool, PlainFile plain, const Path& path,
                                                  ByteRange range) {
  const auto size = static_cast<std::uint64_t>(plain.status.st_size);
  if (range.offset > size) return fail(Errc::bad_offset, "open", path.text());
  // The kernel reads so much ahead unasked.
  if (size > 128 * kib) ::posix_fadvise(plain.file.number(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<LocalReader>(pool, std::move(plain), range);
}

Result<std::unique_ptr<Listing>> open_local_listing(std::shared_ptr<LocalRoot> root, async::BlockingPool& pool,
                                                    const Path& path) {
  auto status = root->status(path);
  if (!status) return fail(std::move(status.error()));
  if (!S_ISDIR(status->st_mode)) return fail(Errc::not_directory, "list", path.text());
  auto file = root->open_path(path, O_RDONLY | O_DIRECTORY);
  if (!file) return fail(std::move(file.error()));
  auto scan = std::make_shared<LocalListing::Scan>(std::move(root), path, nullptr);
  scan->directory.reset(::fdopendir(file->number()));
  if (!scan->directory) return fail_errno(errno, "list", path.text());
  static_cast<void>(file->release());
  return std::make_unique<LocalListing>(pool, std::move(scan));
}

std::unique_ptr<Upload> make_local_upload(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft) {
  return std::make_unique<LocalUpload>(pool, std::move(draft));
}

Task<Result<void>> keep_all(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft,
                            std::function<void(std::uint64_t)> progress) {
  while (draft->keeps()) {
    auto left = co_await async::run_blocking(pool, [draft] { return draft->keep_some(); });
    if (!left) co_return fail(std::move(left.error()));
    if (progress) progress(draft->position() - *left);
    if (*left > 0 && co_await async::cancelled()) co_return fail(Errc::cancelled, "copy");
  }
  co_return Result<void>{};
}

}  // namespace gantry::vfs
