#include "vfs/local_streams.hpp"

#include <dirent.h>
#include <fcntl.h>
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
constexpr std::size_t first_buffer_bytes = 64 * kib;
constexpr std::size_t largest_buffer_bytes = mib;

class LocalReader final : public Reader {
 public:
  LocalReader(async::BlockingPool& pool, UniqueFd file, std::uint64_t size, ByteRange range)
      : pool_(&pool),
        file_(std::make_shared<UniqueFd>(std::move(file))),
        size_(size),
        position_(range.offset),
        end_(range.offset + std::min(range.length, size - range.offset)) {}

  std::uint64_t size() const override { return size_; }
  std::optional<int> descriptor() const override { return file_->get(); }

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
    auto count = co_await async::run_blocking(
        *pool_, [file = file_, buffer, offset = position_] { return read_at(file->get(), buffer, offset); });
    if (count) position_ += *count;
    co_return count;
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
  std::shared_ptr<UniqueFd> file_;
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
    if (buffer.empty()) buffer.resize(first_buffer_bytes);
    MutableBytes room = MutableBytes(buffer).subspan(filled_);
    co_return room.first(std::clamp<std::size_t>(wanted, 1, room.size()));
  }

  Task<Result<void>> advance(std::size_t count) override {
    if (!draft_ || count > draft_->buffer.size() - filled_) co_return fail(Errc::invalid, "upload", "nothing prepared");
    filled_ += count;
    if (filled_ == 0 || filled_ < draft_->buffer.size()) co_return Result<void>{};
    if (auto flushed = co_await flush(); !flushed) co_return flushed;
    if (draft_->buffer.size() < largest_buffer_bytes) draft_->buffer.resize(draft_->buffer.size() * 2);
    co_return Result<void>{};
  }

  std::uint64_t position() const override { return flushed_ + filled_; }

  Task<Result<Entry>> commit() override {
    if (!draft_) co_return fail(Errc::invalid, "commit", "already ended");
    auto flushed = co_await flush();
    auto draft = std::exchange(draft_, nullptr);
    if (!flushed) {
      co_await drop(draft);
      co_return fail(std::move(flushed.error()));
    }
    auto entry = co_await async::run_blocking(*pool_, [draft] { return draft->publish(); });
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
  Task<Result<void>> flush() {
    const std::size_t count = std::exchange(filled_, 0);
    if (count == 0) co_return Result<void>{};
    auto written = co_await async::run_blocking(
        *pool_, [draft = draft_, count] { return draft->write(ByteView(draft->buffer).first(count)); });
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
  // Without O_NONBLOCK, opening a pipe would wait for a writer.
  auto file = root.open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) {
    if (file.error().code == Errc::not_found && !path.is_root())
      if (auto parent = root.open_parent(path); parent && held_status(parent->get(), path.name()))
        file.error().code = Errc::unfinished;
    return fail(std::move(file.error()));
  }
  PlainFile plain{.file = std::move(*file)};
  if (::fstat(plain.file.get(), &plain.status) != 0) return fail_errno(errno, "open", path.text());
  if (S_ISDIR(plain.status.st_mode)) return fail(Errc::is_directory, "open", path.text());
  if (!S_ISREG(plain.status.st_mode)) return fail(Errc::denied, "open", path.text() + ": not a plain file");
  return plain;
}

Result<std::unique_ptr<Reader>> open_local_reader(const LocalRoot& root, async::BlockingPool& pool, const Path& path,
                                                  ByteRange range) {
  auto plain = open_plain_file(root, path);
  if (!plain) return fail(std::move(plain.error()));
  const auto size = static_cast<std::uint64_t>(plain->status.st_size);
  if (range.offset > size) return fail(Errc::bad_offset, "open", path.text());
  ::posix_fadvise(plain->file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<LocalReader>(pool, std::move(plain->file), size, range);
}

Result<std::unique_ptr<Listing>> open_local_listing(std::shared_ptr<LocalRoot> root, async::BlockingPool& pool,
                                                    const Path& path) {
  auto status = root->status(path);
  if (!status) return fail(std::move(status.error()));
  if (!S_ISDIR(status->st_mode)) return fail(Errc::not_directory, "list", path.text());
  auto file = root->open_path(path, O_RDONLY | O_DIRECTORY);
  if (!file) return fail(std::move(file.error()));
  auto scan = std::make_shared<LocalListing::Scan>(std::move(root), path, nullptr);
  scan->directory.reset(::fdopendir(file->get()));
  if (!scan->directory) return fail_errno(errno, "list", path.text());
  static_cast<void>(file->release());
  return std::make_unique<LocalListing>(pool, std::move(scan));
}

std::unique_ptr<Upload> make_local_upload(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft) {
  return std::make_unique<LocalUpload>(pool, std::move(draft));
}

Task<Result<void>> keep_all(async::BlockingPool& pool, std::shared_ptr<LocalDraft> draft,
                            std::function<void(std::uint64_t)> progress) {
  while (true) {
    auto left = co_await async::run_blocking(pool, [draft] { return draft->keep_some(); });
    if (!left) co_return fail(std::move(left.error()));
    if (progress) progress(draft->position() - *left);
    if (*left == 0) co_return Result<void>{};
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "copy");
  }
}

}  // namespace gantry::vfs
