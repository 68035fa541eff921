#include "server/storage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "object/remote_store.hpp"
#include "server/quotas.hpp"
#include "vfs/directories.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/local_file_system.hpp"
#include "vfs/local_root.hpp"
#include "vfs/memory_file_system.hpp"
#include "vfs/mount_file_system.hpp"
#include "vfs/object_file_system.hpp"
#include "vfs/quota_file_system.hpp"
#include "vfs/rename_recovery.hpp"
#include "vfs/rules_file_system.hpp"
#include "vfs/settled_store.hpp"
#include "vfs/subtree_file_system.hpp"

namespace gantry::server {
namespace {

/// Process-wide parts of a store: what the lanes must share to tell the same story.
struct SharedStorage {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<vfs::MemoryTree>> memory;
  std::map<std::string, std::shared_ptr<vfs::LocalRoot>> local;
  std::map<std::string, std::shared_ptr<vfs::RecentWrites>> recent;  ///< by bucket and place

  template <class T>
  static std::shared_ptr<T> find_or_make(std::map<std::string, std::shared_ptr<T>>& map, const std::string& name,
                                         auto make) {
    auto& one = map[name];
    if (!one) one = make();
    return one;
  }
};

/// What tells a bucket apart from others whatever the configuration calls it.
std::string place_of(const config::Store& store) {
  return fmt::format("{}@{}", store.bucket, store.endpoint.empty() ? store.region : store.endpoint);
}

/// Buckets with the same service and keys copy from each other.
std::string service_of(const config::Store& store) {
  return fmt::format("{}\n{}\n{}", static_cast<int>(store.type), store.endpoint.empty() ? store.region : store.endpoint,
                     store.access_key);
}

SharedStorage& shared_storage() {
  static SharedStorage storage;
  return storage;
}

object::StoreOptions store_options(const config::Store& store) {
  object::StoreOptions options;
  options.name = store.name;
  options.location = {
      .dialect = store.type == config::StoreType::cos ? object::DialectKind::cos : object::DialectKind::s3,
      .bucket = store.bucket,
      .region = store.region,
      .endpoint = store.endpoint,
      .tls = store.protocol == config::Protocol::https,
      .path_style = store.path_style,
      .internal = store.internal_endpoint};
  options.retry.deadline = store.retry_deadline;
  options.request_timeout = store.request_timeout;
  options.long_request_timeout = store.join_timeout;
  return options;
}

Result<http::ClientOptions> client_options(const config::Store& store, const http::Origin& origin) {
  http::ClientOptions options;
  if (!store.proxy.empty()) {
    options.proxy = http::parse_proxy(store.proxy);
    if (!options.proxy)
      return fail(Errc::invalid, "store." + store.name, "proxy must be http://[user:password@]host:port");
  } else {
    options.proxy = http::proxy_from_environment(origin);
  }
  options.ca_file = store.ca_file;
  options.verify_certificate = store.verify_certificate;
  options.max_connections = store.max_connections;
  options.connect_timeout = store.connect_timeout;
  options.stall_timeout = store.request_timeout;
  return options;
}

vfs::Verify verify_of(config::Verify verify) {
  switch (verify) {
    case config::Verify::automatic:
      return vfs::Verify::automatic;
    case config::Verify::strong:
      return vfs::Verify::strong;
    case config::Verify::size:
      return vfs::Verify::size;
  }
  return vfs::Verify::automatic;
}

struct Backend {
  const config::Store* settings;
  std::shared_ptr<vfs::LocalRoot> root;    ///< local
  std::shared_ptr<object::Store> bucket;   ///< s3 and cos
  std::shared_ptr<vfs::FileSystem> files;  ///< memory and local
};

}  // namespace

struct Storage::Parts {
  config::Config config;  ///< settings of the stores are referred to
  Shared& shared;
  std::map<std::string, Backend> backends;

  /// What lies in a tree that quota_tree() named. Nothing of it is anybody's, so that what buckets hold for somebody,
  /// which the book of quotas reads in the upload ledger, is not seen.
  [[nodiscard]] Task<Result<vfs::QuotaAmount>> count(std::string quota_tree) const;

  /// The tree below `prefix` of one store, for one session.
  [[nodiscard]] std::shared_ptr<vfs::FileSystem> tree(const Backend& backend, const vfs::Path& prefix,
                                                      const std::string& owner) const {
    if (backend.bucket) {
      vfs::ObjectFileSystemOptions options;
      options.store_name = place_of(*backend.settings);
      options.service = service_of(*backend.settings);
      // The home is the root itself, which always exists: no request is spent on making it or on looking for it.
      options.prefix = backend.settings->prefix;
      if (options.prefix.ends_with('/')) options.prefix.pop_back();
      options.prefix += prefix.text();
      options.part_size = config.transfer.part_size;
      options.parts_in_flight = config.transfer.parts_in_flight;
      options.max_file_size = config.transfer.max_file_size;
      options.budget = shared.budget;
      options.ledger = shared.ledger;
      options.renames = shared.renames;
      options.digest_book = shared.digest_book;
      for (const std::string& name : config.transfer.digests)
        if (auto algorithm = digest::parse_algorithm(name)) options.digests.push_back(*algorithm);
      options.owner = owner;
      options.verify = verify_of(config.transfer.verify);
      options.store_keeps_crc64 = backend.settings->type == config::StoreType::cos;
      return std::make_shared<vfs::ObjectFileSystem>(backend.bucket, std::move(options));
    }
    return std::make_shared<vfs::SubtreeFileSystem>(backend.files, prefix);
  }
};

Task<Result<vfs::QuotaAmount>> Storage::Parts::count(std::string quota_tree) const {
  vfs::QuotaAmount sum;
  for (const accounts::Place& place : places_of_tree(quota_tree)) {
    const auto backend = backends.find(place.store);
    auto prefix = vfs::Path::absolute(place.prefix);
    if (backend == backends.end()) co_return fail(Errc::not_found, "count files", "no store " + place.store);
    if (!prefix) co_return fail(std::move(prefix.error()));
    auto counted = co_await vfs::count_files(tree(backend->second, *prefix, {}));
    if (!counted) co_return counted;
    sum.bytes += counted->bytes;
    sum.files += counted->files;
  }
  co_return sum;
}

Storage::Storage(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}
Storage::~Storage() = default;

namespace {

Result<Backend> make_backend(const config::Store& store, const config::Config& config, Shared& shared,
                             const asio::any_io_executor& executor) {
  Backend backend{&store, nullptr, nullptr, nullptr};
  auto& common = shared_storage();
  std::lock_guard lock(common.mutex);
  if (store.type == config::StoreType::memory) {
    auto tree = SharedStorage::find_or_make(common.memory, store.name, [] { return vfs::make_memory_tree(); });
    backend.files = std::make_shared<vfs::MemoryFileSystem>(std::move(tree));
    return backend;
  }
  if (store.type == config::StoreType::local) {
    auto& root = common.local[store.name + '\n' + store.root];
    if (!root) {
      auto opened = vfs::LocalRoot::open({.root = store.root,
                                          .durability = config.transfer.durability == config::Durability::fsync
                                                            ? vfs::Durability::fsync
                                                            : vfs::Durability::none});
      if (!opened) return fail(Errc::invalid, "store." + store.name + ".root", opened.error().text());
      root = std::move(*opened);
    }
    backend.root = root;
    backend.files = std::make_shared<vfs::LocalFileSystem>(root, shared.blocking);
    return backend;
  }
  auto make_client = [store, executor,
                      &pool = shared.blocking](const http::Origin& origin) -> Result<std::unique_ptr<http::Client>> {
    auto settings = client_options(store, origin);
    if (!settings) return fail(std::move(settings.error()));
    return http::make_client(executor, origin, std::move(*settings), pool);
  };
  auto state = shared.stores.of(store);
  auto bucket = object::RemoteStore::create(store_options(store), state, std::move(make_client));
  if (!bucket) return fail(Errc::invalid, "store." + store.name, bucket.error().text());
  backend.bucket = std::move(*bucket);
  // COS's listings lag; S3's are up to date and go untouched.
  if (store.type == config::StoreType::cos) {
    auto recent = SharedStorage::find_or_make(common.recent, place_of(store), [&state] {
      return std::make_shared<vfs::RecentWrites>(
          vfs::RecentWrites::Options{.store_clock = [state] { return state->now(); }});
    });
    backend.bucket = std::make_shared<vfs::SettledStore>(std::move(backend.bucket), std::move(recent));
  }
  return backend;
}

}  // namespace

Result<std::unique_ptr<Storage>> Storage::create(const config::Config& config, Shared& shared,
                                                 asio::any_io_executor executor) {
  auto parts = std::shared_ptr<Parts>(new Parts{config, shared, {}});
  for (const config::Store& store : parts->config.stores) {
    auto backend = make_backend(store, parts->config, shared, executor);
    if (!backend) return fail(std::move(backend.error()));
    parts->backends.emplace(store.name, std::move(*backend));
  }
  return std::unique_ptr<Storage>(new Storage(std::move(parts)));
}

Task<Result<std::shared_ptr<vfs::FileSystem>>> Storage::open_place(accounts::Place place, std::string owner) {
  auto found = parts_->backends.find(place.store);
  if (found == parts_->backends.end()) co_return fail(Errc::internal, "open home", "no store " + place.store);
  const Backend& backend = found->second;
  auto prefix = vfs::Path::absolute(place.prefix);
  if (!prefix) co_return fail(std::move(prefix.error()));
  if (!backend.bucket) {
    if (auto made = co_await vfs::make_directories(*backend.files, *prefix); !made)
      co_return fail(std::move(made.error()));
  }
  co_return parts_->tree(backend, *prefix, owner);
}

Task<Result<std::shared_ptr<vfs::FileSystem>>> Storage::open(accounts::Account account) {
  auto tree = co_await open_place(account.home, account.name);
  if (!tree) co_return tree;
  if (!account.mounts.empty()) {
    std::vector<vfs::Mount> mounts{{vfs::Path{}, *tree}};
    for (const auto& [at, place] : account.mounts) {
      auto path = vfs::Path::absolute(at);
      if (!path) co_return fail(std::move(path.error()));
      auto files = co_await open_place(place, account.name);
      if (!files) co_return files;
      mounts.push_back({std::move(*path), std::move(*files)});
    }
    tree = std::make_shared<vfs::MountFileSystem>(std::move(mounts));
  }
  if (!account.drop_box.empty()) {
    auto path = vfs::Path::absolute(account.drop_box);
    if (!path) co_return fail(std::move(path.error()));
    if (auto made = co_await vfs::make_directories(**tree, *path); !made) co_return fail(std::move(made.error()));
  }
  tree = co_await under_quota(account, std::move(*tree));
  if (!tree) co_return tree;
  co_return std::make_shared<vfs::RulesFileSystem>(std::move(*tree), accounts::TreeRules(std::move(account)));
}

Task<Result<std::shared_ptr<vfs::FileSystem>>> Storage::under_quota(accounts::Account account,
                                                                    std::shared_ptr<vfs::FileSystem> tree) {
  auto quota = parts_->shared.quota(account);
  if (!quota) co_return tree;
  if (!quota->book) co_return fail(Errc::unavailable, "open quota", "there is no state database to count in");
  if (auto known = co_await quota->book->enrol(account.name, quota->tree); !known)
    co_return fail(std::move(known.error()));
  vfs::QuotaCounter counter = [parts = parts_, name = quota->tree] { return parts->count(name); };
  co_return std::make_shared<vfs::QuotaFileSystem>(std::move(tree), std::move(*quota), std::move(counter));
}

Task<Result<vfs::QuotaUse>> Storage::recount(accounts::Account account) {
  auto quota = parts_->shared.quota(account);
  if (!quota) co_return fail(Errc::not_found, "count files", account.name + " has no quota");
  if (!quota->book) co_return fail(Errc::unavailable, "count files", "there is no state database to count in");
  if (auto known = co_await quota->book->enrol(account.name, quota->tree); !known)
    co_return fail(std::move(known.error()));
  co_return co_await recount_tree(quota->tree, vfs::CountFor::asked);
}

Task<Result<vfs::QuotaUse>> Storage::recount_tree(std::string tree, vfs::CountFor reason) {
  vfs::QuotaCounter counter = [parts = parts_, tree] { return parts->count(tree); };
  co_return co_await vfs::recount(parts_->shared.quotas, tree, reason, std::move(counter));
}

Task<void> Storage::count_due() {
  if (!parts_->shared.quotas) co_return;
  auto due = co_await parts_->shared.quotas->due();
  if (!due) log::error("state database", {{"reason", due.error().text()}});
  if (!due) co_return;
  for (std::string& tree : *due) {
    const auto places = places_of_tree(tree);
    // A tree of an earlier configuration.
    if (!std::ranges::all_of(places, [this](const auto& one) { return parts_->backends.contains(one.store); }))
      continue;
    auto counted = co_await recount_tree(tree, vfs::CountFor::due);
    if (co_await async::cancelled()) co_return;
    std::ranges::replace(tree, '\t', ' ');
    std::ranges::replace(tree, '\n', ' ');
    if (counted)
      log::info("quota counted", {{"tree", tree}, {"bytes", counted->used.bytes}, {"files", counted->used.files}});
    else
      log::warning("quota not counted", {{"tree", tree}, {"reason", counted.error().text()}});
  }
}

Task<std::vector<std::string>> Storage::probe() {
  std::vector<std::string> problems;
  for (auto& [name, backend] : parts_->backends) {
    Result<void> usable;
    if (backend.bucket) {
      usable = co_await backend.bucket->probe();
    } else if (auto root = co_await backend.files->stat(vfs::Path{}); !root) {
      usable = fail(std::move(root.error()));
    }
    if (!usable) problems.push_back(fmt::format("store \"{}\": {}", name, usable.error().text()));
  }
  co_return problems;
}

Task<void> Storage::sweep(Milliseconds ttl) {
  for (auto& [name, backend] : parts_->backends) {
    if (!backend.bucket) continue;
    std::size_t gone =
        co_await vfs::abort_left_over(parts_->shared.ledger, backend.bucket, place_of(*backend.settings), ttl);
    if (gone > 0) log::info("held uploads dropped", {{"store", name}, {"count", gone}});
  }
}

Task<void> Storage::end_renames() {
  for (auto& [name, backend] : parts_->backends) {
    if (!backend.bucket) continue;
    co_await vfs::end_left_renames({.plans = parts_->shared.renames,
                                    .store = backend.bucket,
                                    .ledger = parts_->shared.ledger,
                                    .store_name = place_of(*backend.settings)});
  }
}

Task<void> Storage::sweep_disks(Milliseconds ttl) {
  for (auto& [name, backend] : parts_->backends) {
    if (!backend.root) continue;
    auto gone =
        co_await parts_->shared.blocking.run([root = backend.root, ttl] { return root->sweep(wall_now() - ttl); });
    if (!gone || *gone == 0) continue;
    log::info("held uploads dropped", {{"store", name}, {"count", *gone}});
    if (!parts_->shared.quotas) continue;
    // Nobody knows whose they were.
    auto told = co_await parts_->shared.quotas->suspect(name);
    if (!told) log::error("state database", {{"reason", told.error().text()}});
  }
}

Task<Result<std::vector<RecordedUpload>>> Storage::uploads() {
  std::vector<RecordedUpload> all;
  std::set<std::string> seen;  // a bucket may be there under two names
  for (auto& [name, backend] : parts_->backends) {
    if (!backend.bucket || !seen.insert(place_of(*backend.settings)).second) continue;
    auto records = co_await parts_->shared.ledger->records(place_of(*backend.settings));
    if (!records) co_return fail(std::move(records.error()));
    for (auto& record : *records) all.push_back({name, std::move(record)});
  }
  co_return all;
}

Task<Result<void>> Storage::abort_upload(std::string ticket) {
  auto all = co_await uploads();
  if (!all) co_return fail(std::move(all.error()));
  for (auto& [store, record] : *all)
    if (record.upload.ticket == ticket)
      co_return co_await vfs::abort_recorded(parts_->shared.ledger, parts_->backends.at(store).bucket, record);
  co_return fail(Errc::not_found, "abort upload", "no upload has the ticket " + ticket);
}

}  // namespace gantry::server
