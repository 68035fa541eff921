#include "vfs/subtree_file_system.hpp"

namespace gantry::vfs {

SubtreeFileSystem::SubtreeFileSystem(std::shared_ptr<FileSystem> base, Path root)
    : base_(std::move(base)), root_(std::move(root)) {}

Capabilities SubtreeFileSystem::capabilities(Path path) const { return base_->capabilities(below(path)); }

Task<Result<Entry>> SubtreeFileSystem::stat(Path path) {
  auto entry = co_await base_->stat(below(path));
  if (entry && path.is_root()) {
    // What is a file above is no root below, and the directory's own name stays outside.
    if (entry->kind != Kind::directory) co_return fail(Errc::not_found, "stat", "the root is a file");
    entry->name.clear();
  }
  co_return entry;
}

Task<Result<void>> SubtreeFileSystem::enter(Path path) { return base_->enter(below(path)); }

Task<Result<std::unique_ptr<Listing>>> SubtreeFileSystem::list(Path path) { return base_->list(below(path)); }

Task<Result<std::unique_ptr<Reader>>> SubtreeFileSystem::open_reader(Path path, ByteRange range) {
  return base_->open_reader(below(path), range);
}

Task<Result<std::unique_ptr<Upload>>> SubtreeFileSystem::open_upload(Path path, UploadOptions options) {
  if (path.is_root()) {
    const bool must_be_new = options.mode == UploadMode::create_new;
    co_return fail(must_be_new ? Errc::already_exists : Errc::is_directory, "upload", "the root");
  }
  co_return co_await base_->open_upload(below(path), std::move(options));
}

Task<Result<void>> SubtreeFileSystem::rename(Path from, Path to, Existing existing) {
  if (from.is_root()) co_return fail(Errc::denied, "rename", "the root");
  if (to.is_root()) co_return fail(Errc::already_exists, "rename", "the root");
  co_return co_await base_->rename(below(from), below(to), existing);
}

Task<Result<void>> SubtreeFileSystem::may_rename(Path from) {
  if (from.is_root()) co_return fail(Errc::denied, "rename", "the root");
  co_return co_await base_->may_rename(below(from));
}

Task<Result<void>> SubtreeFileSystem::move_to(FileSystem& target, Path from, Path to, Existing existing) {
  auto* other = dynamic_cast<SubtreeFileSystem*>(&target);
  if (other == nullptr || other->base_ != base_)
    co_return co_await FileSystem::move_to(target, std::move(from), std::move(to), existing);
  if (from.is_root()) co_return fail(Errc::denied, "rename", "the root");
  if (to.is_root()) co_return fail(Errc::already_exists, "rename", "the root");
  co_return co_await base_->rename(below(from), other->below(to), existing);
}

Task<Result<void>> SubtreeFileSystem::copy(Path from, Path to) {
  if (from.is_root() || to.is_root()) co_return fail(Errc::is_directory, "copy", "the root");
  co_return co_await base_->copy(below(from), below(to));
}

Task<Result<Combined>> SubtreeFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  if (auto good = check_combined_names(target, sources); !good) co_return fail(std::move(good.error()));
  for (Path& source : sources) source = below(source);
  co_return co_await base_->combine(below(target), std::move(sources), std::move(options));
}

Task<Result<void>> SubtreeFileSystem::remove_file(Path path) {
  if (path.is_root()) co_return fail(Errc::is_directory, "remove", "the root");
  co_return co_await base_->remove_file(below(path));
}

Task<Result<void>> SubtreeFileSystem::remove_directory(Path path) {
  if (path.is_root()) co_return fail(Errc::denied, "remove", "the root");
  co_return co_await base_->remove_directory(below(path));
}

Task<Result<void>> SubtreeFileSystem::make_directory(Path path) {
  if (path.is_root()) co_return fail(Errc::already_exists, "make directory", "the root");
  co_return co_await base_->make_directory(below(path));
}

Task<Result<void>> SubtreeFileSystem::set_time(Path path, WallTime modified) {
  return base_->set_time(below(path), modified);
}

Task<Result<void>> SubtreeFileSystem::set_mode(Path path, unsigned mode) { return base_->set_mode(below(path), mode); }

Task<Result<std::uint64_t>> SubtreeFileSystem::free_space(Path path) { return base_->free_space(below(path)); }

Task<Result<KnownChecksums>> SubtreeFileSystem::known_checksums(Path path) {
  return base_->known_checksums(below(path));
}

}  // namespace gantry::vfs
