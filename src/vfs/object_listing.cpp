#include "vfs/object_listing.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"
#include "vfs/background.hpp"
#include "vfs/held_uploads.hpp"
#include "vfs/object_lookup.hpp"

namespace gantry::vfs {
namespace {

constexpr std::uint32_t page_size = 1000;  // the most that S3 and COS give

Task<Result<object::ListPage>> fetch(ObjectContextPtr context, std::string prefix, std::string cursor,
                                     std::function<void(std::string)> on_cursor) {
  object::ListRequest request;
  request.on_cursor = std::move(on_cursor);
  request.prefix = std::move(prefix);
  request.delimiter = "/";
  request.cursor = std::move(cursor);
  request.max = page_size;
  co_return co_await context->store->list(std::move(request));
}

/// Finds names that are both a file and a directory. The keys come in order, so between "a" and "a/" only keys that
/// begin with "a" can stand: the files that may still meet their directory are prefixes of each other, and few.
class SameNames {
 public:
  void file(std::string_view name) {
    forget(name);
    candidates_.emplace_back(name);
  }
  [[nodiscard]] bool directory_has_file(std::string_view name) {
    forget(name);
    return std::ranges::find(candidates_, name) != candidates_.end();
  }

 private:
  void forget(std::string_view name) {
    while (!candidates_.empty() && !name.starts_with(candidates_.back())) candidates_.pop_back();
  }
  std::vector<std::string> candidates_;
};

class ObjectListing : public Listing {
 public:
  ObjectListing(asio::any_io_executor executor, ObjectContextPtr context, Path path, std::string prefix)
      : executor_(std::move(executor)),
        context_(std::move(context)),
        path_(std::move(path)),
        prefix_(std::move(prefix)) {}

  [[nodiscard]] Task<Result<std::vector<Entry>>> next() override;
  /// The owner's held uploads, which stand in no page.
  [[nodiscard]] Task<void> look_for_held();
  /// The page that comes next in the listing, already fetched.
  void begin(object::ListPage page);

 private:
  /// A page on its way, and what it was asked for with.
  struct Coming {
    std::string cursor;
    Background<object::ListPage> page;
  };

  [[nodiscard]] Coming ask(std::string cursor);
  void ask_early(std::string cursor);
  [[nodiscard]] std::vector<Entry> entries_of(object::ListPage page);
  void add(std::vector<Entry>& entries, Entry entry);
  [[nodiscard]] Task<std::vector<Entry>> end();

  asio::any_io_executor executor_;
  ObjectContextPtr context_;
  Path path_;
  std::string prefix_;
  SteadyClock::time_point begun_ = SteadyClock::now();
  std::optional<object::ListPage> ready_;
  Coming coming_;
  Coming after_;          // asked for before coming_ was read, by a cursor that coming_ has yet to confirm
  bool waiting_ = false;  // for coming_: all that was ready is used
  std::shared_ptr<void> alive_ = std::make_shared<int>();
  SameNames same_names_;
  std::set<std::string> held_;  // not seen as objects so far
  std::size_t skipped_ = 0;
  bool remembered_ = true;  // the cache has taken everything so far
  bool ended_ = false;
};

Task<void> ObjectListing::look_for_held() {
  const auto& options = context_->options;
  if (!options.ledger) co_return;
  auto shown = co_await options.ledger->below(options.store_name, options.owner, prefix_);
  if (!shown) {
    log::warning("upload_ledger", {{"directory", path_.text()}, {"error", shown.error().text()}});
    co_return;
  }
  for (const auto& upload : *shown) {
    std::string name = upload.key.substr(prefix_.size());
    if (name.find('/') == std::string::npos) held_.insert(std::move(name));
  }
}

ObjectListing::Coming ObjectListing::ask(std::string cursor) {
  auto early = [this, cursor, alive = std::weak_ptr<void>(alive_)](std::string next) {
    if (!alive.expired() && cursor == coming_.cursor) ask_early(std::move(next));
  };
  return {cursor, Background<object::ListPage>(executor_, "next page", fetch(context_, prefix_, cursor, early))};
}

/// Reading a page takes as long as the store takes for the next one.
void ObjectListing::ask_early(std::string cursor) {
  if (waiting_ && cursor != after_.cursor && cursor != coming_.cursor) after_ = ask(std::move(cursor));
}

void ObjectListing::begin(object::ListPage page) {
  Coming asked = std::exchange(after_, {});
  if (page.cursor.empty()) {
    coming_ = {};
  } else {
    coming_ = asked.cursor == page.cursor ? std::move(asked) : ask(page.cursor);
  }
  ready_ = std::move(page);
}

Task<Result<std::vector<Entry>>> ObjectListing::next() {
  while (!ended_) {
    if (!ready_ && coming_.page.pending()) {
      waiting_ = true;
      auto page = co_await coming_.page.get();
      waiting_ = false;
      if (!page) co_return fail(std::move(page.error()));
      if (!page->cursor.empty() && page->cursor == coming_.cursor) {
        co_return fail(Errc::internal, "list", "the store's cursor does not advance");
      }
      begin(std::move(*page));
    }
    if (!ready_) {
      ended_ = true;
      co_return co_await end();
    }
    auto entries = entries_of(*std::exchange(ready_, std::nullopt));
    if (!entries.empty()) co_return entries;
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "list");
  }
  co_return std::vector<Entry>();
}

void ObjectListing::add(std::vector<Entry>& entries, Entry entry) {
  held_.erase(entry.name);
  const Path path = path_.child(entry.name);
  entry = context_->cache.with_given_time(path, std::move(entry));
  remembered_ = remembered_ && context_->cache.seen(path, entry);
  entries.push_back(std::move(entry));
}

std::vector<Entry> ObjectListing::entries_of(object::ListPage page) {
  std::vector<Entry> entries;
  entries.reserve(page.objects.size() + page.prefixes.size());
  auto directory = page.prefixes.begin();
  auto add_directories_before = [&](std::string_view key) {
    for (; directory != page.prefixes.end() && (key.empty() || *directory < key); ++directory) {
      std::string_view name = std::string_view(*directory).substr(prefix_.size());
      name.remove_suffix(1);
      if (!ObjectKeys::presentable(name) || same_names_.directory_has_file(name)) {
        ++skipped_;
      } else {
        add(entries, directory_entry(name));
      }
    }
  };
  for (auto& info : page.objects) {
    if (info.key == prefix_) continue;  // this directory's own marker
    add_directories_before(info.key);
    const std::string_view name = std::string_view(info.key).substr(prefix_.size());
    if (!ObjectKeys::presentable(name)) {
      ++skipped_;
      continue;
    }
    same_names_.file(name);
    add(entries, entry_of(std::move(info), name));
  }
  add_directories_before({});
  return entries;
}

Task<std::vector<Entry>> ObjectListing::end() {
  if (skipped_ > 0) log::warning("keys_skipped", {{"directory", path_.text()}, {"keys", skipped_}});
  if (remembered_) context_->cache.seen_all(path_, begun_);
  std::vector<Entry> entries;
  for (const auto& name : held_) {
    if (!ObjectKeys::presentable(name)) continue;
    if (auto entry = co_await held_entry(context_, path_.child(name))) entries.push_back(std::move(*entry));
  }
  co_return entries;
}

}  // namespace

Task<Result<std::unique_ptr<Listing>>> open_object_listing(ObjectContextPtr context, Path path) {
  auto prefix = context->keys.directory(path);
  if (!prefix) co_return fail(std::move(prefix.error()));
  auto page = co_await fetch(context, *prefix, {}, {});
  if (!page) co_return fail(std::move(page.error()));
  const bool nothing = page->objects.empty() && page->prefixes.empty() && page->cursor.empty();
  if (nothing && !path.is_root()) {
    auto file = co_await context->store->head(context->keys.file(path).value());
    if (file) co_return fail(Errc::not_directory, "list", path.text());
    co_return fail(file.error().code == Errc::not_found ? Error{Errc::not_found, "list", path.text(), {}}
                                                        : std::move(file.error()));
  }
  auto listing = std::make_unique<ObjectListing>(co_await asio::this_coro::executor, context, path, *prefix);
  listing->begin(std::move(*page));
  co_await listing->look_for_held();
  co_return std::unique_ptr<Listing>(std::move(listing));
}

}  // namespace gantry::vfs
