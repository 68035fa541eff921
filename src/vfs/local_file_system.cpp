#include "vfs/local_file_system.hpp"

#include "vfs/local_combine.hpp"
#include "vfs/local_draft.hpp"
#include "vfs/local_operations.hpp"
#include "vfs/local_streams.hpp"

namespace gantry::vfs {

using async::run_blocking;

LocalFileSystem::LocalFileSystem(std::shared_ptr<LocalRoot> root, async::BlockingPool& pool)
    : root_(std::move(root)), pool_(&pool) {}

Capabilities LocalFileSystem::capabilities(Path /*path*/) const {
  return {.set_time = true,
          .set_mode = true,
          .random_write = true,
          .append = true,
          .space = true,
          .atomic_rename = true,
          .empty_directories = true,
          .arbitrary_bytes = true};
}

Task<Result<Entry>> LocalFileSystem::stat(Path path) {
  if (auto entry = local::stat_at_hand(*root_, path)) co_return std::move(*entry);
  co_return co_await run_blocking(*pool_, [root = root_, path] { return local::stat(*root, path); });
}

Task<Result<std::unique_ptr<Listing>>> LocalFileSystem::list(Path path) {
  co_return co_await run_blocking(*pool_,
                                  [root = root_, pool = pool_, path] { return open_local_listing(root, *pool, path); });
}

Task<Result<std::unique_ptr<Reader>>> LocalFileSystem::open_reader(Path path, ByteRange range) {
  if (auto plain = open_plain_file_at_hand(*root_, path))
    co_return make_local_reader(*pool_, std::move(*plain), path, range);
  auto plain = co_await run_blocking(*pool_, [root = root_, path] { return open_plain_file(*root, path); });
  if (!plain) co_return fail(std::move(plain.error()));
  co_return make_local_reader(*pool_, std::move(*plain), path, range);
}

Task<Result<std::unique_ptr<Upload>>> LocalFileSystem::open_upload(Path path, UploadOptions options) {
  if (auto opened = LocalDraft::open_at_hand(root_, path, options)) {
    if (!*opened) co_return fail(std::move(opened->error()));
    co_return make_local_upload(*pool_, std::move(**opened));
  }
  auto opened =
      co_await run_blocking(*pool_, [root = root_, path, options] { return LocalDraft::open(root, path, options); });
  if (!opened) co_return fail(std::move(opened.error()));
  std::shared_ptr<LocalDraft> draft = std::move(*opened);
  if (auto kept = co_await keep_all(*pool_, draft); !kept) {
    static_cast<void>(co_await pool_->run([draft] { draft->discard(); }));
    co_return fail(std::move(kept.error()));
  }
  co_return make_local_upload(*pool_, std::move(draft));
}

Task<Result<void>> LocalFileSystem::rename(Path from, Path to, Existing existing) {
  co_return co_await run_blocking(
      *pool_, [root = root_, from, to, existing] { return local::rename(*root, from, to, existing); });
}

Task<Result<void>> LocalFileSystem::copy(Path from, Path to) {
  using Draft = Result<std::unique_ptr<LocalDraft>>;
  auto opened = co_await run_blocking(*pool_, [root = root_, from, to]() -> Draft {
    auto source = open_plain_file(*root, from);
    if (!source) return fail(std::move(source.error()));
    auto draft = LocalDraft::open(root, to, {});
    if (draft) (*draft)->keep_from(std::move(source->file), static_cast<std::uint64_t>(source->status.st_size));
    return draft;
  });
  if (!opened) co_return fail(std::move(opened.error()));
  std::shared_ptr<LocalDraft> draft = std::move(*opened);
  auto copied = co_await keep_all(*pool_, draft);
  if (copied) {
    auto entry = co_await run_blocking(*pool_, [draft] { return draft->publish(); });
    if (entry) co_return Result<void>{};
    copied = fail(std::move(entry.error()));
  }
  static_cast<void>(co_await pool_->run([draft] { draft->discard(); }));
  co_return copied;
}

Task<Result<Combined>> LocalFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  return combine_local(root_, *pool_, std::move(target), std::move(sources), std::move(options));
}

Task<Result<void>> LocalFileSystem::remove_file(Path path) {
  co_return co_await run_blocking(*pool_, [root = root_, path] { return local::remove_file(*root, path); });
}

Task<Result<void>> LocalFileSystem::remove_directory(Path path) {
  co_return co_await run_blocking(*pool_, [root = root_, path] { return local::remove_directory(*root, path); });
}

Task<Result<void>> LocalFileSystem::make_directory(Path path) {
  co_return co_await run_blocking(*pool_, [root = root_, path] { return local::make_directory(*root, path); });
}

Task<Result<void>> LocalFileSystem::set_time(Path path, WallTime modified) {
  co_return co_await run_blocking(*pool_,
                                  [root = root_, path, modified] { return local::set_time(*root, path, modified); });
}

Task<Result<void>> LocalFileSystem::set_mode(Path path, unsigned mode) {
  co_return co_await run_blocking(*pool_, [root = root_, path, mode] { return local::set_mode(*root, path, mode); });
}

Task<Result<std::uint64_t>> LocalFileSystem::free_space(Path path) {
  co_return co_await run_blocking(*pool_, [root = root_, path] { return local::free_space(*root, path); });
}

Task<Result<KnownChecksums>> LocalFileSystem::known_checksums(Path path) {
  auto entry = co_await stat(path);
  if (!entry) co_return fail(std::move(entry.error()));
  if (entry->kind == Kind::directory) co_return fail(Errc::is_directory, "checksum", path.text());
  co_return KnownChecksums{.size = entry->size, .digests = {}};
}

}  // namespace gantry::vfs
