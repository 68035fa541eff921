#include "vfs/memory_file_system.hpp"

#include <algorithm>

#include "vfs/memory_tree.hpp"

namespace gantry::vfs {

namespace {

constexpr std::size_t page_entries = 1000;
constexpr std::size_t piece_bytes = 64 * kib;

class MemoryListing final : public Listing {
 public:
  explicit MemoryListing(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  Task<Result<std::vector<Entry>>> next() override {
    const std::size_t count = std::min(page_entries, entries_.size() - next_);
    const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(next_);
    std::vector<Entry> page(std::make_move_iterator(begin),
                            std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(count)));
    next_ += count;
    co_return page;
  }

 private:
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
};

class MemoryReader final : public Reader {
 public:
  MemoryReader(MemoryContent content, ByteRange range)
      : content_(std::move(content)),
        position_(range.offset),
        end_(range.offset + std::min(range.length, content_.size() - range.offset)) {}

  std::uint64_t size() const override { return content_.size(); }

  Task<Result<std::size_t>> read(MutableBytes buffer) override {
    const std::uint64_t left = end_ - position_;
    if (buffer.size() > left) buffer = buffer.first(static_cast<std::size_t>(left));
    const std::size_t count = content_.read(position_, buffer);
    position_ += count;
    co_return count;
  }

 private:
  MemoryContent content_;
  std::uint64_t position_;
  std::uint64_t end_;
};

class MemoryUpload final : public Upload {
 public:
  MemoryUpload(std::shared_ptr<MemoryTree> tree, Path path, MemoryContent kept, std::optional<std::uint64_t> expected)
      : tree_(std::move(tree)), path_(std::move(path)), content_(std::move(kept)), expected_(expected) {}

  Task<Result<MutableBytes>> prepare(std::size_t wanted) override {
    if (closed_) co_return fail(Errc::invalid, "upload", "already ended");
    piece_.resize(piece_bytes);
    MutableBytes room = MutableBytes(piece_).subspan(filled_);
    co_return room.first(std::clamp<std::size_t>(wanted, 1, room.size()));
  }

  Task<Result<void>> advance(std::size_t count) override {
    if (closed_ || count > piece_.size() - filled_) co_return fail(Errc::invalid, "upload", "advance without prepare");
    filled_ += count;
    if (tree_->bounded() && position() > tree_->free_bytes()) co_return fail(Errc::no_space, "upload", path_.text());
    if (filled_ == piece_.size()) seal();
    co_return Result<void>{};
  }

  std::uint64_t position() const override { return content_.size() + filled_; }

  Task<Result<Entry>> commit() override {
    if (closed_) co_return fail(Errc::invalid, "commit", "already ended");
    seal();
    closed_ = true;
    co_return tree_->publish(path_, std::move(content_), expected_);
  }

  Task<Result<std::uint64_t>> hold() override {
    drop();
    co_return 0;
  }

  Task<void> abort() override {
    drop();
    co_return;
  }

 private:
  void seal() {
    piece_.resize(filled_);
    piece_.shrink_to_fit();
    content_.append(std::exchange(piece_, {}));
    filled_ = 0;
  }

  void drop() {
    closed_ = true;
    content_ = {};
    piece_ = {};
    filled_ = 0;
  }

  std::shared_ptr<MemoryTree> tree_;
  Path path_;
  MemoryContent content_;
  std::optional<std::uint64_t> expected_;
  std::vector<std::byte> piece_;
  std::size_t filled_ = 0;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<MemoryTree> make_memory_tree(std::uint64_t capacity) { return std::make_shared<MemoryTree>(capacity); }

MemoryFileSystem::MemoryFileSystem(std::shared_ptr<MemoryTree> tree) : tree_(std::move(tree)) {}

Capabilities MemoryFileSystem::capabilities(Path /*path*/) const {
  return {.set_time = true,
          .set_mode = true,
          .random_write = true,
          .append = true,
          .space = tree_->bounded(),
          .atomic_rename = true,
          .empty_directories = true,
          .arbitrary_bytes = true};
}

Task<Result<Entry>> MemoryFileSystem::stat(Path path) { co_return tree_->stat(path); }

Task<Result<std::unique_ptr<Listing>>> MemoryFileSystem::list(Path path) {
  auto entries = tree_->list(path);
  if (!entries) co_return fail(std::move(entries.error()));
  co_return std::make_unique<MemoryListing>(std::move(*entries));
}

Task<Result<std::unique_ptr<Reader>>> MemoryFileSystem::open_reader(Path path, ByteRange range) {
  auto file = tree_->file(path);
  if (!file) co_return fail(std::move(file.error()));
  if (range.offset > file->content.size()) co_return fail(Errc::bad_offset, "open", path.text());
  co_return std::make_unique<MemoryReader>(std::move(file->content), range);
}

Task<Result<std::unique_ptr<Upload>>> MemoryFileSystem::open_upload(Path path, UploadOptions options) {
  if (path.is_root()) co_return fail(Errc::is_directory, "upload", "the root");
  auto target = tree_->upload_target(path);
  if (!target) {
    const bool directory = target.error().code == Errc::is_directory;
    if (directory && must_be_new(options)) target.error().code = Errc::already_exists;
    co_return fail(std::move(target.error()));
  }
  const std::optional<MemoryTree::File>& file = *target;
  const bool bounded = tree_->bounded() && options.expected_size.has_value();
  if (bounded && *options.expected_size > tree_->free_bytes()) co_return fail(Errc::no_space, "upload", path.text());

  MemoryContent kept;
  std::optional<std::uint64_t> expected;
  if (must_be_new(options)) {
    if (file) co_return fail(Errc::already_exists, "upload", path.text());
    expected = 0;
  } else if (options.mode != UploadMode::replace) {
    const std::uint64_t size = file ? file->content.size() : 0;
    const std::uint64_t offset = options.mode == UploadMode::append ? size : options.offset;
    if (offset > size) co_return fail(Errc::bad_offset, "upload", path.text());
    if (options.existing == Existing::stays && offset < size)
      co_return fail(Errc::already_exists, "upload", path.text() + ": would be cut");
    if (options.existing == Existing::stays) expected = 0;
    if (file) {
      kept = file->content;
      kept.truncate(offset);
      expected = file->version;
    }
  }
  co_return std::make_unique<MemoryUpload>(tree_, std::move(path), std::move(kept), expected);
}

Task<Result<void>> MemoryFileSystem::rename(Path from, Path to, Existing existing) {
  co_return tree_->rename(from, to, existing);
}

Task<Result<void>> MemoryFileSystem::copy(Path from, Path to) {
  auto file = tree_->file(from);
  if (!file) co_return fail(std::move(file.error()));
  if (to.is_root()) co_return fail(Errc::is_directory, "copy", "the root");
  if (from == to) co_return Result<void>{};
  auto entry = tree_->publish(to, std::move(file->content), std::nullopt);
  if (!entry) co_return fail(std::move(entry.error()));
  co_return Result<void>{};
}

Task<Result<Combined>> MemoryFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  if (auto good = check_combined_names(target, sources); !good) co_return fail(std::move(good.error()));
  co_return tree_->combine(target, sources, options);
}

Task<Result<void>> MemoryFileSystem::remove_file(Path path) { co_return tree_->remove_file(path); }

Task<Result<void>> MemoryFileSystem::remove_directory(Path path) { co_return tree_->remove_directory(path); }

Task<Result<void>> MemoryFileSystem::make_directory(Path path) { co_return tree_->make_directory(path); }

Task<Result<void>> MemoryFileSystem::set_time(Path path, WallTime modified) {
  co_return tree_->set_time(path, modified);
}

Task<Result<void>> MemoryFileSystem::set_mode(Path path, unsigned mode) { co_return tree_->set_mode(path, mode); }

Task<Result<std::uint64_t>> MemoryFileSystem::free_space(Path /*path*/) {
  if (!tree_->bounded()) co_return fail(Errc::unsupported, "free space", "no capacity set");
  co_return tree_->free_bytes();
}

Task<Result<KnownChecksums>> MemoryFileSystem::known_checksums(Path path) {
  auto entry = co_await stat(path);
  if (!entry) co_return fail(std::move(entry.error()));
  if (entry->kind == Kind::directory) co_return fail(Errc::is_directory, "checksum", path.text());
  co_return KnownChecksums{.size = entry->size, .digests = {}};
}

}  // namespace gantry::vfs
