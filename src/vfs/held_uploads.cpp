#include "vfs/held_uploads.hpp"

#include "base/log.hpp"

namespace gantry::vfs {

std::uint64_t HeldUpload::safe_size() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts) sum += part.size;
  return sum;
}

std::optional<HeldUpload> HeldUploads::put(const Name& name, HeldUpload upload) {
  std::lock_guard lock(mutex_);
  std::optional<HeldUpload> before;
  if (auto found = uploads_.find(name); found != uploads_.end()) before = std::move(found->second);
  uploads_.insert_or_assign(name, std::move(upload));
  return before;
}

std::optional<HeldUpload> HeldUploads::find(const Name& name) const {
  std::lock_guard lock(mutex_);
  auto found = uploads_.find(name);
  if (found == uploads_.end()) return std::nullopt;
  return found->second;
}

std::optional<HeldUpload> HeldUploads::take(const Name& name) {
  std::lock_guard lock(mutex_);
  auto node = uploads_.extract(name);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

std::vector<HeldUploads::Shown> HeldUploads::below(const std::string& store, const std::string& owner,
                                                   const std::string& prefix) const {
  std::lock_guard lock(mutex_);
  std::vector<Shown> shown;
  for (auto at = uploads_.lower_bound(Name{store, owner, prefix}); at != uploads_.end(); ++at) {
    const Name& name = at->first;
    if (name.store != store || name.owner != owner || !name.key.starts_with(prefix)) break;
    shown.push_back({name.key, at->second.safe_size(), at->second.since});
  }
  return shown;
}

std::vector<std::pair<HeldUploads::Name, HeldUpload>> HeldUploads::take_older(const std::string& store,
                                                                              WallTime before) {
  std::lock_guard lock(mutex_);
  std::vector<std::pair<Name, HeldUpload>> taken;
  for (auto at = uploads_.begin(); at != uploads_.end();) {
    if (at->first.store == store && at->second.since < before) {
      taken.emplace_back(at->first, std::move(at->second));
      at = uploads_.erase(at);
    } else {
      ++at;
    }
  }
  return taken;
}

std::size_t HeldUploads::size() const {
  std::lock_guard lock(mutex_);
  return uploads_.size();
}

std::optional<Entry> held_entry(const ObjectContext& context, const Path& path) {
  const auto& options = context.options;
  auto key = context.keys.file(path);
  if (!options.held || !key) return std::nullopt;
  auto upload = options.held->find({options.store_name, options.owner, *key});
  if (!upload) return std::nullopt;
  Entry entry;
  entry.name = path.name();
  entry.size = upload->safe_size();
  entry.modified = upload->since;
  entry.unique = "held-" + upload->upload_id;
  entry.held = true;
  return entry;
}

Task<bool> drop_held(ObjectContextPtr context, Path path) {
  const auto& options = context->options;
  auto key = context->keys.file(path);
  if (!options.held || !key) co_return false;
  auto upload = options.held->take({options.store_name, options.owner, *key});
  if (!upload) co_return false;
  auto aborted = co_await context->store->abort_parts(*key, upload->upload_id);
  if (!aborted) log::warning("held_upload_left_over", {{"key", *key}, {"error", aborted.error().text()}});
  co_return true;
}

Task<std::size_t> abort_expired(std::shared_ptr<HeldUploads> held, std::shared_ptr<object::Store> store,
                                std::string store_name, Milliseconds ttl) {
  std::size_t aborted = 0;
  for (auto& [name, upload] : held->take_older(store_name, wall_now() - ttl)) {
    auto done = co_await store->abort_parts(name.key, upload.upload_id);
    if (done) {
      ++aborted;
      continue;
    }
    log::warning("held_upload_not_aborted", {{"key", name.key}, {"error", done.error().text()}});
    // A newer record under the same name stays; this one is then swept with the bucket's strangers.
    if (!held->find(name)) static_cast<void>(held->put(name, std::move(upload)));
  }
  co_return aborted;
}

}  // namespace gantry::vfs
