#include "vfs/object_lookup.hpp"

#include <algorithm>
#include <charconv>

#include "vfs/background.hpp"
#include "vfs/held_uploads.hpp"

namespace gantry::vfs {
namespace {

std::optional<WallTime> metadata_time(const object::Metadata& metadata) {
  auto field = metadata.find("mtime");
  if (field == metadata.end()) return std::nullopt;
  const char* end = field->second.data() + field->second.size();
  std::int64_t value = 0;
  auto [stop, error] = std::from_chars(field->second.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return WallTime(Milliseconds(value));
}

object::ListRequest first_keys(std::string prefix, std::uint32_t max) {
  object::ListRequest request;
  request.prefix = std::move(prefix);
  request.max = max;
  return request;
}

/// A key greater than every sensible key that begins with `key` + "." and smaller than all below `key` + "/":
/// what follows it tells in one request whether `key` is a directory and, mostly, whether its parent has anything.
std::string just_before_directory(const std::string& key) { return key + ".\xF4\x8F\xBF\xBF"; }

/// What one look at a target may tell of the names behind it: clients mostly send files in order.
constexpr std::uint32_t names_at_once = 100;

/// `page` lists what follows `path` in its directory, whose key is `prefix` bytes long.
void remember_directories(ObjectContext& context, const Path& path, std::size_t prefix, const object::ListPage& page,
                          SteadyClock::time_point begun) {
  const Path directory = path.parent();
  for (const auto& found : page.prefixes) {
    std::string_view name = std::string_view(found).substr(prefix);
    name.remove_suffix(1);
    if (!ObjectKeys::presentable(name)) continue;
    if (!context.cache.seen(directory.child(name), directory_entry(name))) return;
  }
  ListingCache::Stretch stretch{just_before_directory(std::string(path.name())), {}};
  if (!page.cursor.empty()) {
    if (!page.objects.empty()) stretch.last = page.objects.back().key.substr(prefix);
    if (!page.prefixes.empty()) stretch.last = std::max(stretch.last, page.prefixes.back().substr(prefix));
    if (stretch.last.empty()) return;
  }
  context.cache.seen_directories(directory, std::move(stretch), begun);
}

Task<Result<object::ObjectInfo>> head_of(ObjectContextPtr context, std::string key) {
  co_return co_await context->store->head(std::move(key));
}

Task<Result<void>> parent_must_exist(ObjectContextPtr context, Path path) {
  const Path parent = path.parent();
  if (context->cache.directory_exists(parent)) co_return Result<void>();
  auto key = context->keys.directory(parent);
  if (!key) co_return fail(std::move(key.error()));
  auto found = co_await any_key(context, *key);
  if (!found) co_return fail(std::move(found.error()));
  if (!*found) co_return fail(Errc::not_found, "parent", parent.text());
  context->cache.seen(parent, directory_entry(parent.name()));
  co_return Result<void>();
}

}  // namespace

Entry entry_of(object::ObjectInfo&& info, std::string_view name) {
  Entry entry;
  entry.name = name;
  entry.size = info.size;
  entry.modified = metadata_time(info.metadata).value_or(info.modified);
  entry.unique = std::move(info.etag);
  return entry;
}

Entry directory_entry(std::string_view name) {
  Entry entry;
  entry.name = name;
  entry.kind = Kind::directory;
  return entry;
}

Task<Result<bool>> any_key(ObjectContextPtr context, std::string prefix) {
  auto page = co_await context->store->list(first_keys(std::move(prefix), 1));
  if (!page) co_return fail(std::move(page.error()));
  co_return !page->objects.empty() || !page->prefixes.empty();
}

Task<Result<Entry>> look_up(ObjectContextPtr context, Path path) {
  if (path.is_root()) co_return directory_entry("");
  // Only presence is believed: another session, say a client's second connection, may have made it meanwhile.
  if (auto known = context->cache.find(path); known && known->entry) co_return *known->entry;
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  Background<object::ObjectInfo> file(co_await asio::this_coro::executor, "head", head_of(context, *key));
  auto below = co_await any_key(context, *key + "/");
  auto info = co_await file.get();
  if (info) {
    Entry entry = entry_of(std::move(*info), path.name());
    context->cache.seen(path, entry);
    co_return entry;
  }
  if (info.error().code != Errc::not_found) co_return fail(std::move(info.error()));
  if (!below) co_return fail(std::move(below.error()));
  if (*below) {
    Entry entry = directory_entry(path.name());
    context->cache.seen(path, entry);
    co_return entry;
  }
  if (auto held = co_await held_entry(context, path)) co_return *held;
  co_return fail(Errc::not_found, "stat", path.text());
}

Task<Error> why_no_file(ObjectContextPtr context, Path path, std::string operation) {
  auto key = context->keys.directory(path);
  if (!key) co_return std::move(key.error());
  auto below = co_await any_key(context, *key);
  if (!below) co_return std::move(below.error());
  co_return Error{*below ? Errc::is_directory : Errc::not_found, std::move(operation), path.text(), {}};
}

Task<Result<void>> check_target(ObjectContextPtr context, Path path) {
  auto key = context->keys.file(path);
  if (!key) co_return fail(std::move(key.error()));
  const Error taken{Errc::is_directory, "upload", path.text(), {}};
  if (auto known = context->cache.find(path)) {
    if (known->entry && known->entry->kind == Kind::directory) co_return fail(taken);
    if (known->entry) co_return Result<void>();
    co_return co_await parent_must_exist(context, path);
  }
  if (context->cache.no_directory(path)) co_return co_await parent_must_exist(context, path);
  const auto begun = SteadyClock::now();
  const std::string parent = context->keys.directory(path.parent()).value();
  auto request = first_keys(parent, names_at_once);
  request.delimiter = "/";
  request.start_after = just_before_directory(*key);
  auto page = co_await context->store->list(std::move(request));
  if (!page) co_return fail(std::move(page.error()));
  const bool is_directory = std::ranges::binary_search(page->prefixes, *key + "/");
  remember_directories(*context, path, parent.size(), *page, begun);
  if (is_directory) co_return fail(taken);
  if (page->objects.empty() && page->prefixes.empty()) co_return co_await parent_must_exist(context, path);
  if (!path.parent().is_root()) context->cache.seen(path.parent(), directory_entry(path.parent().name()));
  co_return Result<void>();
}

Task<Result<void>> check_free(ObjectContextPtr context, Path path) {
  auto key = context->keys.directory(path);
  if (!key) co_return fail(std::move(key.error()));
  const Error taken{Errc::already_exists, "create", path.text(), {}};
  if (auto known = context->cache.find(path)) {
    if (known->entry) co_return fail(taken);
    co_return co_await parent_must_exist(context, path);
  }
  // The exact key sorts first among all that begin with it, so one page settles the file, and mostly the directory.
  std::string file = key->substr(0, key->size() - 1);
  auto request = first_keys(file, 2);
  request.delimiter = "/";
  auto page = co_await context->store->list(std::move(request));
  if (!page) co_return fail(std::move(page.error()));
  if (!page->objects.empty() && page->objects.front().key == file) co_return fail(taken);
  for (const auto& prefix : page->prefixes)
    if (prefix == *key) co_return fail(taken);
  if (page->objects.empty() && page->prefixes.empty()) co_return co_await parent_must_exist(context, path);
  if (page->cursor.empty()) co_return Result<void>();
  auto below = co_await any_key(context, *key);
  if (!below) co_return fail(std::move(below.error()));
  if (*below) co_return fail(taken);
  co_return Result<void>();
}

Task<Result<void>> put_marker(ObjectContextPtr context, Path directory) {
  auto key = context->keys.directory(directory);
  if (!key) co_return fail(std::move(key.error()));
  auto put = co_await context->store->put(*key, {}, {}, {.content_type = "application/x-directory"});
  if (!put) co_return fail(std::move(put.error()));
  co_return Result<void>();
}

Task<Result<void>> check_not_moving(ObjectContextPtr context, Path path) {
  const auto& options = context->options;
  auto key = context->keys.directory(path);
  if (!key) co_return fail(std::move(key.error()));
  if (!options.renames) co_return Result<void>();
  auto touched = co_await options.renames->touched(options.store_name, *key);
  if (!touched) co_return fail(std::move(touched.error()));
  if (*touched) co_return fail(Errc::conflict, "rename", "a directory is being renamed here");
  co_return Result<void>();
}

Task<Result<void>> keep_directory(ObjectContextPtr context, Path directory) {
  if (directory.is_root()) co_return Result<void>();
  auto key = context->keys.directory(directory);
  if (!key) co_return fail(std::move(key.error()));
  auto left = co_await any_key(context, *key);
  if (!left) co_return fail(std::move(left.error()));
  if (*left) co_return Result<void>();
  co_return co_await put_marker(context, directory);
}

}  // namespace gantry::vfs
