#include "vfs/rules_file_system.hpp"

#include <utility>

namespace gantry::vfs {
namespace {

using accounts::Permission;

class ShownListing final : public Listing {
 public:
  ShownListing(std::unique_ptr<Listing> all, std::shared_ptr<const accounts::TreeRules> rules)
      : all_(std::move(all)), rules_(std::move(rules)) {}

  Task<Result<std::vector<Entry>>> next() override {
    for (;;) {
      auto page = co_await all_->next();
      if (!page || page->empty()) co_return page;
      std::erase_if(*page, [this](const Entry& entry) { return rules_->hides(entry.name); });
      // An empty page would mean the end.
      if (!page->empty()) co_return page;
    }
  }

 private:
  std::unique_ptr<Listing> all_;
  std::shared_ptr<const accounts::TreeRules> rules_;
};

std::unexpected<Error> denied(const Path& path, std::string_view why) {
  return fail(Errc::denied, "account rules", path.text() + ": " + std::string(why));
}

}  // namespace

RulesFileSystem::RulesFileSystem(std::shared_ptr<FileSystem> base, accounts::TreeRules rules)
    : base_(std::move(base)), rules_(std::make_shared<accounts::TreeRules>(std::move(rules))) {}

Result<void> RulesFileSystem::check(Permission permission, const Path& path) const {
  if (!rules_->allows(permission, path.text())) return denied(path, "no permission");
  if (rules_->denies(path.text())) return denied(path, "a denied name");
  return {};
}

Result<void> RulesFileSystem::check_new(Permission permission, const Path& path) const {
  if (!rules_->allows(permission, path.text())) return denied(path, "no permission");
  if (rules_->denies(path.text())) return fail(Errc::bad_name, "account rules", path.text() + ": a denied name");
  return {};
}

Capabilities RulesFileSystem::capabilities(Path path) const { return base_->capabilities(std::move(path)); }

Task<Result<Entry>> RulesFileSystem::stat(Path path) {
  if (auto allowed = check(Permission::list, path); allowed) co_return co_await base_->stat(path);
  if (auto allowed = check(Permission::write, path); !allowed) co_return fail(std::move(allowed.error()));
  auto entry = co_await base_->stat(path);
  if (!entry || !entry->held) co_return denied(path, "no permission");
  co_return entry;
}

Task<Result<void>> RulesFileSystem::enter(Path path) {
  if (auto allowed = check(Permission::enter, path); !allowed) co_return allowed;
  co_return co_await base_->enter(std::move(path));
}

Task<Result<std::unique_ptr<Listing>>> RulesFileSystem::list(Path path) {
  if (auto allowed = check(Permission::list, path); !allowed) co_return fail(std::move(allowed.error()));
  auto listing = co_await base_->list(std::move(path));
  if (!listing) co_return listing;
  co_return std::make_unique<ShownListing>(std::move(*listing), rules_);
}

Task<Result<std::unique_ptr<Reader>>> RulesFileSystem::open_reader(Path path, ByteRange range) {
  if (auto allowed = check(Permission::read, path); !allowed) co_return fail(std::move(allowed.error()));
  co_return co_await base_->open_reader(std::move(path), range);
}

Task<Result<std::unique_ptr<Upload>>> RulesFileSystem::open_upload(Path path, UploadOptions options) {
  const auto wanted = options.mode == UploadMode::append ? Permission::append : Permission::write;
  if (auto allowed = check_new(wanted, path); !allowed) co_return fail(std::move(allowed.error()));
  if (!rules_->may_destroy()) options.existing = Existing::stays;
  if (rules_->only_new_files()) {
    if (options.mode == UploadMode::at_offset) co_return denied(path, "only new files");
    options.mode = UploadMode::create_new;
  }
  co_return co_await base_->open_upload(std::move(path), std::move(options));
}

Task<Result<void>> RulesFileSystem::rename(Path from, Path to, Existing existing) {
  if (auto allowed = check(Permission::rename, from); !allowed) co_return allowed;
  if (auto allowed = check_new(Permission::rename, to); !allowed) co_return allowed;
  for (const Path& path : {from, to})
    if (!rules_->allows_throughout(Permission::rename, path.text())) co_return denied(path, "no permission below");
  if (!rules_->may_destroy()) existing = Existing::stays;
  co_return co_await base_->rename(std::move(from), std::move(to), existing);
}

Task<Result<void>> RulesFileSystem::may_rename(Path from) {
  if (auto allowed = check(Permission::rename, from); !allowed) co_return allowed;
  co_return co_await base_->may_rename(std::move(from));
}

Task<Result<void>> RulesFileSystem::copy(Path from, Path to) {
  if (auto allowed = check(Permission::read, from); !allowed) co_return allowed;
  if (auto allowed = check_new(Permission::write, to); !allowed) co_return allowed;
  co_return co_await base_->copy(std::move(from), std::move(to));
}

Task<Result<Combined>> RulesFileSystem::combine(Path target, std::vector<Path> sources, CombineOptions options) {
  // The bytes get another name, as in a rename: who could not rename a file to the target must not get it there so.
  for (Permission wanted : {Permission::write, Permission::rename})
    if (auto allowed = check_new(wanted, target); !allowed) co_return fail(std::move(allowed.error()));
  for (const Path& source : sources)
    if (auto allowed = check(Permission::rename, source); !allowed) co_return fail(std::move(allowed.error()));
  if (rules_->only_new_files()) co_return denied(target, "only new files");
  if (!rules_->may_destroy()) options.existing = Existing::stays;
  co_return co_await base_->combine(std::move(target), std::move(sources), std::move(options));
}

Task<Result<void>> RulesFileSystem::remove_file(Path path) {
  if (auto allowed = check(Permission::remove, path); !allowed) co_return allowed;
  if (!rules_->may_destroy()) co_return denied(path, "deleting is off");
  co_return co_await base_->remove_file(std::move(path));
}

Task<Result<void>> RulesFileSystem::remove_directory(Path path) {
  if (auto allowed = check(Permission::remove, path); !allowed) co_return allowed;
  if (!rules_->may_destroy()) co_return denied(path, "deleting is off");
  co_return co_await base_->remove_directory(std::move(path));
}

Task<Result<void>> RulesFileSystem::make_directory(Path path) {
  if (auto allowed = check_new(Permission::make, path); !allowed) co_return allowed;
  co_return co_await base_->make_directory(std::move(path));
}

Task<Result<void>> RulesFileSystem::set_time(Path path, WallTime modified) {
  if (auto allowed = check(Permission::set_time, path); !allowed) co_return allowed;
  co_return co_await base_->set_time(std::move(path), modified);
}

Task<Result<void>> RulesFileSystem::set_mode(Path path, unsigned mode) {
  if (auto allowed = check(Permission::chmod, path); !allowed) co_return allowed;
  co_return co_await base_->set_mode(std::move(path), mode);
}

Task<Result<std::uint64_t>> RulesFileSystem::free_space(Path path) {
  if (auto allowed = check(Permission::list, path); !allowed) co_return fail(std::move(allowed.error()));
  co_return co_await base_->free_space(std::move(path));
}

Task<Result<KnownChecksums>> RulesFileSystem::known_checksums(Path path) {
  if (auto allowed = check(Permission::read, path); !allowed) co_return fail(std::move(allowed.error()));
  co_return co_await base_->known_checksums(std::move(path));
}

}  // namespace gantry::vfs
