#include "vfs/object_file_system.hpp"

#include <algorithm>

#include "vfs/background.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_combine.hpp"
#include "vfs/object_copy.hpp"
#include "vfs/object_digests.hpp"
#include "vfs/object_listing.hpp"
#include "vfs/object_lookup.hpp"
#include "vfs/object_reader.hpp"
#include "vfs/open_object_upload.hpp"

namespace gantry::vfs {
namespace {

class EmptyReader : public Reader {
 public:
  explicit EmptyReader(std::uint64_t size) : size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes) override { co_return std::size_t{0}; }

 private:
  std::uint64_t size_;
};

/// For ranges that a store cannot express: nothing of a file, or what begins at its end.
Task<Result<std::unique_ptr<Reader>>> open_empty(ObjectContextPtr context, Path path, std::uint64_t offset) {
  auto info = co_await context->store->head(context->keys.file(path).value());
  if (!info && info.error().code == Errc::not_found) co_return fail(co_await why_no_file(context, path, "open"));
  if (!info) co_return fail(std::move(info.error()));
  if (offset > info->size) co_return fail(Errc::bad_offset, "open", path.text());
  co_return std::make_unique<EmptyReader>(info->size);
}

/// The file to copy or rename; Errc::not_found and is_directory as errors.
Task<Result<object::ObjectInfo>> source_file(ObjectContextPtr context, Path path) {
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  if (auto known = context->cache.find(path); known && known->entry) {
    if (known->entry->kind == Kind::directory) co_return fail(Errc::is_directory, "rename", path.text());
    object::ObjectInfo info;
    info.key = *key;
    info.size = known->entry->size;
    info.etag = known->entry->unique;
    co_return info;
  }
  auto info = co_await context->store->head(*key);
  if (info) co_return info;
  if (info.error().code != Errc::not_found) co_return fail(std::move(info.error()));
  co_return fail(co_await why_no_file(context, path, "rename"));
}

/// Where to, in which tree: the source's own, or another of its bucket or service.
struct CopyTo {
  ObjectContextPtr context;
  Path path;
  Existing existing = Existing::may_go;

  /// By name, too: one bucket may be configured as two stores.
  [[nodiscard]] bool in_bucket_of(const ObjectContext& source) const {
    return context->store == source.store || context->options.store_name == source.options.store_name;
  }
};

/// The copy's ETag.
Task<Result<std::string>> copy_file(ObjectContextPtr context, object::ObjectInfo source, CopyTo target) {
  CopyTarget to{target.context->keys.file(target.path).value(), target.existing,
                target.in_bucket_of(*context) ? nullptr : context};
  auto copied = co_await copy_object(target.context, source, std::move(to), std::nullopt);
  if (!copied) {
    target.context->cache.forget(target.path);
    co_return fail(std::move(copied.error()));
  }
  Entry entry = entry_of(std::move(source), target.path.name());
  entry.modified = wall_now();
  entry.unique = *copied;  // the copy of a multipart object has another one
  target.context->cache.wrote(target.path, entry);
  co_return copied;
}

std::vector<DigestBook::Move> one_move(ObjectVersion from, ObjectVersion to) {
  std::vector<DigestBook::Move> one;
  one.push_back({std::move(from), std::move(to)});
  return one;
}

/// May a file be moved to `to`?
Task<Result<void>> check_file_target(ObjectContextPtr context, Path to, Existing existing) {
  if (existing == Existing::stays) {
    auto free = co_await check_free(context, to);
    if (!free) co_return free;
    // Few stores refuse a copy onto something, and a listing may lag behind: asked last, by name.
    auto info = co_await context->store->head(context->keys.file(to).value());
    if (info) co_return fail(Errc::already_exists, "rename", to.text());
    if (info.error().code != Errc::not_found) co_return fail(std::move(info.error()));
    co_return Result<void>();
  }
  auto free = co_await check_target(context, to);
  if (!free && free.error().code == Errc::is_directory) co_return fail(Errc::already_exists, "rename", to.text());
  co_return free;
}

/// Is what `from` was moved to still below its parent, so that this cannot have become empty?
bool keeps_parent(const ObjectContextPtr& context, const Path& from, const CopyTo& target) {
  return target.context == context && target.path.within(from.parent());
}

Task<Result<void>> rename_file(ObjectContextPtr context, object::ObjectInfo source, Path from, CopyTo target) {
  const std::string key = target.context->keys.file(target.path).value();
  const bool one_bucket = target.in_bucket_of(*context);
  // Two trees may overlap: keys tell what is the same.
  if (one_bucket && key == source.key) co_return Result<void>();
  if (one_bucket && key.starts_with(source.key + "/"))
    co_return fail(Errc::not_found, "rename", "the target's parent is a file");
  if (auto still = co_await check_not_moving(context, from); !still) co_return still;
  if (auto still = co_await check_not_moving(target.context, target.path); !still) co_return still;
  if (auto free = co_await check_file_target(target.context, target.path, target.existing); !free) co_return free;
  auto copied = co_await copy_file(context, source, target);
  if (!copied) {
    context->cache.forget(from);
    co_return fail(std::move(copied.error()));
  }
  if (one_bucket)
    co_await move_digests(context, one_move({source.key, source.etag}, {key, *copied}));
  else
    co_await forget_digests(context, source.key);
  auto removed = co_await context->store->remove(source.key);
  if (!removed) co_return fail(std::move(removed.error()));
  context->cache.removed(from);
  if (keeps_parent(context, from, target)) co_return Result<void>();
  co_return co_await keep_directory(context, from.parent());
}

/// The whole move, with its plan on record.
Task<Result<void>> follow_plan(ObjectContextPtr context, std::shared_ptr<OpenRename> rename, Path from, CopyTo target) {
  const Path& to = target.path;
  for (const auto& tree : {rename->plan().from, rename->plan().to})
    if (auto quiet = co_await check_nothing_sent(context, tree); !quiet) co_return quiet;
  // Asked only now: the plan keeps other renames away from the target.
  if (auto free = co_await check_free(target.context, to); !free) co_return fail(std::move(free.error()));
  auto moved = co_await move_all(context, rename, target.existing);
  context->cache.forget(from);
  target.context->cache.forget(to);
  if (!moved) co_return moved;
  context->cache.removed(from);
  target.context->cache.wrote(to, directory_entry(to.name()));
  if (keeps_parent(context, from, target)) co_return Result<void>();
  co_return co_await keep_directory(context, from.parent());
}

Task<Result<void>> rename_directory(ObjectContextPtr context, Path from, CopyTo wanted) {
  // A plan is of one bucket.
  if (!wanted.in_bucket_of(*context)) co_return fail(Errc::across_stores, "rename", "a directory");
  auto source = context->keys.directory(from);
  auto target = wanted.context->keys.directory(wanted.path);
  if (!source) co_return fail(std::move(source.error()));
  if (!target) co_return fail(std::move(target.error()));
  if (*source == *target) co_return Result<void>();
  if (target->starts_with(*source)) co_return fail(Errc::invalid, "rename", "a directory into itself");
  const auto& options = context->options;
  auto rename = co_await OpenRename::begin(
      options.renames, {.store = options.store_name, .owner = options.owner, .from = *source, .to = *target});
  if (!rename) co_return fail(std::move(rename.error()));
  auto moved = co_await follow_plan(context, *rename, from, wanted);
  // What is neither done nor undone is the janitor's.
  if (moved || (*rename)->plan().phase == RenamePhase::looking)
    co_await uninterrupted("forget rename", (*rename)->forget());
  co_return moved;
}

Task<Result<void>> rename_any(ObjectContextPtr context, Path from, CopyTo target) {
  if (from.is_root()) co_return fail(Errc::denied, "rename", "the root");
  if (target.path.is_root()) co_return fail(Errc::already_exists, "rename", "the root");
  if (auto key = target.context->keys.directory(target.path); !key) co_return fail(std::move(key.error()));
  auto source = co_await source_file(context, from);
  if (source) co_return co_await rename_file(context, std::move(*source), from, std::move(target));
  if (source.error().code == Errc::is_directory) co_return co_await rename_directory(context, from, std::move(target));
  co_return fail(std::move(source.error()));
}

}  // namespace

ObjectFileSystem::ObjectFileSystem(std::shared_ptr<object::Store> store, ObjectFileSystemOptions options)
    : context_(std::make_shared<ObjectContext>(std::move(store), std::move(options))) {}

Capabilities ObjectFileSystem::capabilities(Path /*path*/) const {
  return {.held_on_record = context_->options.ledger != nullptr};
}

Task<Result<void>> ObjectFileSystem::enter(Path path) {
  auto context = context_;
  if (path.is_root()) co_return Result<void>{};
  if (!context->cache.find(path)) {
    auto key = context->keys.directory(path);
    if (!key) co_return fail(std::move(key.error()));
    auto below = co_await any_key(context, *key);
    if (!below) co_return fail(std::move(below.error()));
    if (*below) {
      context->cache.seen(path, directory_entry(path.name()));
      co_return Result<void>{};
    }
  }
  co_return co_await FileSystem::enter(std::move(path));
}

Task<Result<Entry>> ObjectFileSystem::stat(Path path) { return look_up(context_, std::move(path)); }

Task<Result<std::unique_ptr<Listing>>> ObjectFileSystem::list(Path path) {
  return open_object_listing(context_, std::move(path));
}

Task<Result<std::unique_ptr<Reader>>> ObjectFileSystem::open_reader(Path path, ByteRange range) {
  auto context = context_;
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  // No number of bytes that cannot be added to the offset is less than "to the end".
  if (range.length > ByteRange::unbounded - range.offset) range.length = ByteRange::unbounded;
  if (range.length == 0) co_return co_await open_empty(context, path, range.offset);
  auto body = co_await context->store->get(*key, {range, {}});
  if (body) co_return std::make_unique<ObjectReader>(co_await asio::this_coro::executor, context, std::move(*body));
  if (body.error().code == Errc::bad_offset) co_return co_await open_empty(context, path, range.offset);
  if (body.error().code != Errc::not_found) co_return fail(std::move(body.error()));
  Error why = co_await why_no_file(context, path, "open");
  if (why.code == Errc::not_found && co_await held_entry(context, path)) why.code = Errc::unfinished;
  co_return fail(std::move(why));
}

Task<Result<std::unique_ptr<Upload>>> ObjectFileSystem::open_upload(Path path, UploadOptions options) {
  return open_object_upload(context_, std::move(path), std::move(options));
}

Task<Result<void>> ObjectFileSystem::rename(Path from, Path to, Existing existing) {
  return rename_any(context_, std::move(from), {context_, std::move(to), existing});
}

Task<Result<void>> ObjectFileSystem::move_to(FileSystem& target, Path from, Path to, Existing existing) {
  auto* other = dynamic_cast<ObjectFileSystem*>(&target);
  const bool reachable =
      other != nullptr &&
      (other->context_->store == context_->store ||
       (!context_->options.service.empty() && context_->options.service == other->context_->options.service));
  if (!reachable) return FileSystem::move_to(target, std::move(from), std::move(to), existing);
  return rename_any(context_, std::move(from), {other->context_, std::move(to), existing});
}

Task<Result<void>> ObjectFileSystem::copy(Path from, Path to) {
  auto context = context_;
  if (auto key = context->keys.directory(to); !key) co_return fail(std::move(key.error()));
  auto source = co_await source_file(context, from);
  if (!source) co_return fail(std::move(source.error()));
  if (from == to) co_return Result<void>();
  if (to.within(from)) co_return fail(Errc::not_found, "copy", "the target's parent is a file");
  if (auto still = co_await check_not_moving(context, to); !still) co_return still;
  if (auto free = co_await check_target(context, to); !free) co_return fail(std::move(free.error()));
  auto copied = co_await copy_file(context, std::move(*source), {context, to});
  if (!copied) co_return fail(std::move(copied.error()));
  co_return Result<void>();
}

Task<Result<Combined>> ObjectFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  return combine_objects(context_, std::move(target), std::move(sources), std::move(options));
}

Task<Result<void>> ObjectFileSystem::remove_file(Path path) {
  auto context = context_;
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  if (auto still = co_await check_not_moving(context, path); !still) co_return still;
  const Path parent = path.parent();
  bool exists = false;
  if (!parent.is_root()) {
    // One look tells whether the directory would vanish, and mostly whether the file is there.
    object::ListRequest request;
    request.prefix = context->keys.directory(parent).value();
    request.max = 2;
    auto page = co_await context->store->list(std::move(request));
    if (!page) co_return fail(std::move(page.error()));
    exists = std::ranges::any_of(page->objects, [&](const auto& info) { return info.key == *key; });
    if (exists && page->objects.size() == 1 && page->cursor.empty()) {
      if (auto kept = co_await put_marker(context, parent); !kept) co_return fail(std::move(kept.error()));
    }
  }
  if (!exists) {
    auto info = co_await context->store->head(*key);
    if (!info && info.error().code == Errc::not_found) {
      if (co_await drop_held(context, path)) {
        context->cache.removed(path);
        co_return Result<void>();
      }
      co_return fail(co_await why_no_file(context, path, "remove"));
    }
    if (!info) co_return fail(std::move(info.error()));
  }
  auto removed = co_await context->store->remove(*key);
  if (!removed) co_return fail(std::move(removed.error()));
  context->cache.removed(path);
  co_await drop_held(context, path);
  co_await forget_digests(context, *key);
  co_return Result<void>();
}

Task<Result<void>> ObjectFileSystem::remove_directory(Path path) {
  auto context = context_;
  if (path.is_root()) co_return fail(Errc::denied, "remove directory", "the root");
  auto key = context->keys.directory(path);
  if (!key) co_return fail(std::move(key.error()));
  if (auto still = co_await check_not_moving(context, path); !still) co_return still;
  const Path parent = path.parent();
  object::ListRequest request;
  request.max = 2;
  bool settled = false;  // this directory is empty and was all that its parent had
  if (!parent.is_root()) {
    request.prefix = context->keys.directory(parent).value();
    auto page = co_await context->store->list(request);
    if (!page) co_return fail(std::move(page.error()));
    settled = page->objects.size() == 1 && page->objects.front().key == *key && page->cursor.empty();
    if (settled) {
      if (auto kept = co_await put_marker(context, parent); !kept) co_return fail(std::move(kept.error()));
    }
  }
  if (!settled) {
    request.prefix = *key;
    auto page = co_await context->store->list(request);
    if (!page) co_return fail(std::move(page.error()));
    if (page->objects.size() > 1 || (page->objects.size() == 1 && page->objects.front().key != *key)) {
      co_return fail(Errc::not_empty, "remove directory", path.text());
    }
    if (page->objects.empty()) {
      auto file = co_await context->store->head(context->keys.file(path).value());
      co_return fail(file ? Errc::not_directory : Errc::not_found, "remove directory", path.text());
    }
  }
  auto removed = co_await context->store->remove(*key);
  if (!removed) co_return fail(std::move(removed.error()));
  context->cache.removed(path);
  co_return Result<void>();
}

Task<Result<void>> ObjectFileSystem::make_directory(Path path) {
  auto context = context_;
  if (path.is_root()) co_return fail(Errc::already_exists, "make directory", path.text());
  if (auto still = co_await check_not_moving(context, path); !still) co_return still;
  if (auto free = co_await check_free(context, path); !free) co_return fail(std::move(free.error()));
  if (auto made = co_await put_marker(context, path); !made) co_return fail(std::move(made.error()));
  context->cache.wrote(path, directory_entry(path.name()));
  co_return Result<void>();
}

Task<Result<void>> ObjectFileSystem::set_time(Path path, WallTime modified) {
  auto context = context_;
  if (path.is_root()) co_return fail(Errc::unsupported, "set time", "a directory");
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  if (auto still = co_await check_not_moving(context, path); !still) co_return still;
  auto info = co_await context->store->head(*key);
  if (!info && info.error().code == Errc::not_found) {
    Error why = co_await why_no_file(context, path, "set time");
    if (why.code == Errc::is_directory) why.code = Errc::unsupported;
    co_return fail(std::move(why));
  }
  if (!info) co_return fail(std::move(info.error()));
  object::PutOptions options{.metadata = info->metadata, .content_type = info->content_type};
  options.metadata["mtime"] = std::to_string(modified.time_since_epoch().count());
  auto copied = co_await copy_object(context, *info, {*key}, std::move(options));
  context->cache.forget(path);
  if (!copied) co_return fail(std::move(copied.error()));
  co_await move_digests(context, one_move({*key, info->etag}, {*key, *copied}));
  context->cache.dated(path, std::move(*copied), modified);
  co_return Result<void>();
}

Task<Result<void>> ObjectFileSystem::set_mode(Path path, unsigned /*mode*/) {
  co_return fail(Errc::unsupported, "set mode", path.text());
}

Task<Result<std::uint64_t>> ObjectFileSystem::free_space(Path path) {
  co_return fail(Errc::unsupported, "free space", path.text());
}

Task<Result<KnownChecksums>> ObjectFileSystem::known_checksums(Path path) {
  auto context = context_;
  if (path.is_root()) co_return fail(Errc::is_directory, "checksum", path.text());
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  auto info = co_await context->store->head(*key);
  if (!info && info.error().code == Errc::not_found) co_return fail(co_await why_no_file(context, path, "checksum"));
  if (!info) co_return fail(std::move(info.error()));
  info->key = *key;
  const std::uint64_t size = info->size;
  co_return KnownChecksums{size, co_await find_digests(context, std::move(*info))};
}

}  // namespace gantry::vfs
