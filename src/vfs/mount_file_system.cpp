#include "vfs/mount_file_system.hpp"

#include <algorithm>

#include "vfs/directories.hpp"

namespace gantry::vfs {

namespace {

Entry fixed_entry(std::string_view name) {
  Entry entry;
  entry.name = std::string(name);
  entry.kind = Kind::directory;
  return entry;
}

/// Why a fixed directory stays.
Errc stays(const Path& path) { return path.is_root() ? Errc::denied : Errc::mount_point; }

/// The fixed names first, then what the store lists, less those names.
class MergedListing final : public Listing {
 public:
  MergedListing(std::vector<Entry> fixed, std::unique_ptr<Listing> rest)
      : fixed_(std::move(fixed)), rest_(std::move(rest)) {
    for (const Entry& entry : fixed_) hidden_.push_back(entry.name);
  }

  Task<Result<std::vector<Entry>>> next() override {
    if (!fixed_.empty()) co_return std::exchange(fixed_, {});
    while (rest_) {
      auto page = co_await rest_->next();
      if (!page || page->empty()) co_return page;
      std::erase_if(*page,
                    [this](const Entry& entry) { return std::ranges::find(hidden_, entry.name) != hidden_.end(); });
      // An empty page would mean the end.
      if (!page->empty()) co_return page;
    }
    co_return std::vector<Entry>{};
  }

 private:
  std::vector<Entry> fixed_;
  std::vector<std::string> hidden_;
  std::unique_ptr<Listing> rest_;
};

}  // namespace

MountFileSystem::MountFileSystem(std::vector<Mount> mounts) : mounts_(std::move(mounts)) {
  std::ranges::sort(mounts_, std::ranges::greater{}, [](const Mount& mount) { return mount.at.text().size(); });
}

MountFileSystem::Place MountFileSystem::place(const Path& path) const {
  for (const Mount& mount : mounts_) {
    if (path.within(mount.at)) return {mount.fs.get(), path.relative_to(mount.at)};
  }
  return {};
}

bool MountFileSystem::fixed(const Path& path) const {
  return path.is_root() || std::ranges::any_of(mounts_, [&path](const Mount& mount) { return mount.at.within(path); });
}

std::vector<std::string> MountFileSystem::fixed_names(const Path& directory) const {
  std::vector<std::string> names;
  for (const Mount& mount : mounts_) {
    if (mount.at == directory || !mount.at.within(directory)) continue;
    names.emplace_back(mount.at.relative_to(directory).segments().front());
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Task<Result<MountFileSystem::Place>> MountFileSystem::writable_place(Path path) {
  Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::denied, "mount", path.text() + ": outside all mounts");
  if (fixed(path.parent())) {
    if (auto made = co_await make_directories(*where.fs, where.path.parent()); !made) {
      co_return fail(std::move(made.error()));
    }
  }
  co_return where;
}

Task<Result<std::pair<MountFileSystem::Place, MountFileSystem::Place>>> MountFileSystem::places(Path from, Path to) {
  Place source = place(from);
  if (source.fs == nullptr) co_return fail(Errc::not_found, "mount", from.text());
  if (place(to).fs != source.fs || fixed(to)) {
    // A missing source is the plainer thing to say.
    if (auto entry = co_await source.fs->stat(source.path); !entry) co_return fail(std::move(entry.error()));
    if (fixed(to)) co_return fail(Errc::already_exists, "mount", to.text());
  }
  auto target = co_await writable_place(to);
  if (!target) co_return fail(std::move(target.error()));
  co_return std::pair(std::move(source), std::move(*target));
}

Capabilities MountFileSystem::capabilities(Path path) const {
  const Place where = place(path);
  if (where.fs != nullptr) return where.fs->capabilities(where.path);
  return {.set_time = false,
          .set_mode = false,
          .random_write = false,
          .append = false,
          .space = false,
          .atomic_rename = false,
          .empty_directories = false,
          .arbitrary_bytes = false};
}

Task<Result<Entry>> MountFileSystem::stat(Path path) {
  const Place where = place(path);
  if (!fixed(path)) {
    if (where.fs == nullptr) co_return fail(Errc::not_found, "stat", path.text());
    co_return co_await where.fs->stat(where.path);
  }
  if (where.fs != nullptr) {
    auto entry = co_await where.fs->stat(where.path);
    if (entry && entry->kind == Kind::directory) {
      entry->name = std::string(path.name());
      co_return entry;
    }
    // Away or not: the directory is there. What the store cannot tell now, later calls will say.
  }
  co_return fixed_entry(path.name());
}

Task<Result<void>> MountFileSystem::enter(Path path) {
  if (fixed(path)) co_return Result<void>{};
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::not_found, "enter", path.text());
  co_return co_await where.fs->enter(where.path);
}

Task<Result<std::unique_ptr<Listing>>> MountFileSystem::list(Path path) {
  const Place where = place(path);
  std::vector<Entry> entries;
  for (const std::string& name : fixed_names(path)) {
    auto entry = co_await stat(path.child(name));
    entries.push_back(entry ? std::move(*entry) : fixed_entry(name));
  }
  const bool there = fixed(path);
  std::unique_ptr<Listing> rest;
  if (where.fs != nullptr) {
    auto listing = co_await where.fs->list(where.path);
    const bool missing =
        !listing && (listing.error().code == Errc::not_found || listing.error().code == Errc::not_directory);
    if (!listing && !(there && missing)) co_return fail(std::move(listing.error()));
    if (listing) rest = std::move(*listing);
  } else if (!there) {
    co_return fail(Errc::not_found, "list", path.text());
  }
  co_return std::make_unique<MergedListing>(std::move(entries), std::move(rest));
}

Task<Result<std::unique_ptr<Reader>>> MountFileSystem::open_reader(Path path, ByteRange range) {
  if (fixed(path)) co_return fail(Errc::is_directory, "open", path.text());
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::not_found, "open", path.text());
  co_return co_await where.fs->open_reader(where.path, range);
}

Task<Result<std::unique_ptr<Upload>>> MountFileSystem::open_upload(Path path, UploadOptions options) {
  if (fixed(path)) {
    co_return fail(must_be_new(options) ? Errc::already_exists : Errc::is_directory, "upload", path.text());
  }
  auto where = co_await writable_place(path);
  if (!where) co_return fail(std::move(where.error()));
  co_return co_await where->fs->open_upload(where->path, std::move(options));
}

Task<Result<void>> MountFileSystem::rename(Path from, Path to, Existing existing) {
  if (fixed(from)) co_return fail(stays(from), "rename", from.text());
  auto both = co_await places(from, to);
  if (!both) co_return fail(std::move(both.error()));
  const auto& [source, target] = *both;
  if (source.fs == target.fs) co_return co_await source.fs->rename(source.path, target.path, existing);
  co_return co_await source.fs->move_to(*target.fs, source.path, target.path, existing);
}

Task<Result<void>> MountFileSystem::may_rename(Path from) {
  if (fixed(from)) co_return fail(stays(from), "rename", from.text());
  const Place where = place(from);
  if (where.fs == nullptr) co_return fail(Errc::not_found, "rename", from.text());
  co_return co_await where.fs->may_rename(where.path);
}

Task<Result<void>> MountFileSystem::copy(Path from, Path to) {
  if (fixed(from) || fixed(to)) co_return fail(Errc::is_directory, "copy", "mount point");
  auto both = co_await places(from, to);
  if (!both) co_return fail(std::move(both.error()));
  if (both->first.fs != both->second.fs) co_return fail(Errc::across_stores, "copy", from.text());
  co_return co_await both->first.fs->copy(both->first.path, both->second.path);
}

Task<Result<Combined>> MountFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  if (auto good = check_combined_names(target, sources); !good) co_return fail(std::move(good.error()));
  if (fixed(target)) {
    co_return fail(options.existing == Existing::stays ? Errc::already_exists : Errc::is_directory, "combine",
                   target.text());
  }
  const Place into = place(target);
  for (Path& source : sources) {
    if (fixed(source)) co_return fail(Errc::is_directory, "combine", source.text());
    const Place from = place(source);
    if (from.fs == nullptr) co_return fail(Errc::not_found, "combine", source.text());
    if (into.fs != nullptr && from.fs != into.fs) co_return fail(Errc::across_stores, "combine", source.text());
    source = from.path;
  }
  auto where = co_await writable_place(target);
  if (!where) co_return fail(std::move(where.error()));
  co_return co_await where->fs->combine(where->path, std::move(sources), std::move(options));
}

std::optional<RenameProgress> MountFileSystem::rename_progress() const {
  for (const Mount& mount : mounts_)
    if (auto progress = mount.fs->rename_progress()) return progress;
  return std::nullopt;
}

Task<Result<void>> MountFileSystem::remove_file(Path path) {
  if (fixed(path)) co_return fail(Errc::is_directory, "remove", path.text());
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::not_found, "remove", path.text());
  co_return co_await where.fs->remove_file(where.path);
}

Task<Result<void>> MountFileSystem::remove_directory(Path path) {
  if (fixed(path)) co_return fail(stays(path), "remove", path.text());
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::not_found, "remove", path.text());
  co_return co_await where.fs->remove_directory(where.path);
}

Task<Result<void>> MountFileSystem::make_directory(Path path) {
  if (fixed(path)) co_return fail(Errc::already_exists, "make directory", path.text());
  auto where = co_await writable_place(path);
  if (!where) co_return fail(std::move(where.error()));
  co_return co_await where->fs->make_directory(where->path);
}

Task<Result<void>> MountFileSystem::set_time(Path path, WallTime modified) {
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(fixed(path) ? Errc::unsupported : Errc::not_found, "set time", path.text());
  co_return co_await where.fs->set_time(where.path, modified);
}

Task<Result<void>> MountFileSystem::set_mode(Path path, unsigned mode) {
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(fixed(path) ? Errc::unsupported : Errc::not_found, "set mode", path.text());
  co_return co_await where.fs->set_mode(where.path, mode);
}

Task<Result<std::uint64_t>> MountFileSystem::free_space(Path path) {
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::unsupported, "free space", path.text());
  co_return co_await where.fs->free_space(where.path);
}

Task<Result<KnownChecksums>> MountFileSystem::known_checksums(Path path) {
  if (fixed(path)) co_return fail(Errc::is_directory, "checksum", path.text());
  const Place where = place(path);
  if (where.fs == nullptr) co_return fail(Errc::not_found, "checksum", path.text());
  co_return co_await where.fs->known_checksums(where.path);
}

}  // namespace gantry::vfs
