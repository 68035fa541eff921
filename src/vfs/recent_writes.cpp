#include "vfs/recent_writes.hpp"

#include <algorithm>

namespace gantry::vfs {
namespace {

using object::ListPage;
using object::ListRequest;
using object::ObjectInfo;

constexpr std::size_t max_former_etags = 8;

std::string_view position_of(const ListRequest& request) {
  return request.cursor.empty() ? request.start_after : request.cursor;
}

/// The common prefix `key` falls under; empty when it is listed itself.
std::string_view group_of(std::string_view key, const ListRequest& request) {
  if (request.delimiter.empty()) return {};
  const auto end = key.find(request.delimiter, request.prefix.size());
  return end == std::string_view::npos ? std::string_view() : key.substr(0, end + request.delimiter.size());
}

/// What of `key` stands in the listing lies behind `position`. A listing that went as far as a common prefix goes on
/// behind everything below it.
bool behind(std::string_view key, std::string_view position, const ListRequest& request) {
  if (key <= position) return false;
  const std::string_view group = group_of(key, request);
  return group.empty() || group != position;
}

}  // namespace

/// One page being set right while the notes are locked.
class RecentWrites::Overlay {
 public:
  Overlay(Notes& notes, ListPage& page, const ListRequest& request) : notes_(notes), page_(page), request_(request) {}

  std::size_t run() {
    auto dropped = std::erase_if(page_.objects, [&](ObjectInfo& listed) { return !keep(listed); });
    dropped += std::erase_if(page_.prefixes, [&](const std::string& prefix) { return directory_gone(prefix); });
    insert_missing();
    cut();
    return dropped;
  }

 private:
  enum class Word : std::uint8_t { current, outdated, newer };

  static bool former(const Note& note, const std::string& etag) {
    return std::ranges::find(note.former_etags, etag) != note.former_etags.end();
  }

  /// What the listing says, seen from our write. Only within the tolerance of the clocks do the ETags decide; there an
  /// unknown one is somebody else's, who may have come after us.
  static Word judge(const Note& note, const ObjectInfo& listed) {
    if (note.object && listed.etag == note.object->etag) return Word::current;
    if (listed.modified > note.ended.wall + clock_tolerance) return Word::newer;
    if (listed.modified < note.begun.wall - clock_tolerance) return Word::outdated;
    return former(note, listed.etag) ? Word::outdated : Word::newer;
  }

  /// False: the key is to be dropped.
  bool keep(ObjectInfo& listed) {
    auto found = notes_.find(listed.key);
    if (found == notes_.end()) {
      revive_directories(listed.key);
      return true;
    }
    Note& note = found->second;
    const Word word = judge(note, listed);
    if (!note.object) {
      if (word == Word::newer) revive_directories(listed.key);
      return word == Word::newer;
    }
    if (word == Word::outdated) {
      listed = *note.object;
      return true;
    }
    // The same bytes may have been there before: then the listing may still be that old.
    if (word == Word::newer || !former(note, listed.etag)) note.listed = true;
    if (word == Word::newer) return true;
    listed.metadata = note.object->metadata;
    listed.crc64 = note.object->crc64;
    return true;
  }

  /// Something that we did not remove lies below a directory that we did: it is there again.
  void revive_directories(std::string_view key) {
    for (auto slash = key.find('/'); slash != std::string_view::npos; slash = key.find('/', slash + 1)) {
      auto found = notes_.find(key.substr(0, slash + 1));
      if (found != notes_.end() && !found->second.object) notes_.erase(found);
    }
  }

  bool directory_gone(std::string_view directory) const {
    bool removed = false;
    for (auto slash = directory.find('/'); slash != std::string_view::npos && !removed;
         slash = directory.find('/', slash + 1)) {
      auto found = notes_.find(directory.substr(0, slash + 1));
      removed = found != notes_.end() && !found->second.object;
    }
    if (!removed) return false;
    auto below = notes_.lower_bound(directory);
    while (below != notes_.end() && below->first.starts_with(directory) && !below->second.object) ++below;
    return below == notes_.end() || !below->first.starts_with(directory);
  }

  bool beyond(std::string_view item) const { return !page_.cursor.empty() && item > page_.cursor; }

  /// In the order of keys, and no more than fit the page: what comes later is cut off it again.
  void insert_missing() {
    std::vector<ObjectInfo> objects;
    std::vector<std::string> prefixes;
    const std::string_view position = position_of(request_);
    auto at = notes_.lower_bound(std::max<std::string_view>(request_.prefix, position));
    while (at != notes_.end() && at->first.starts_with(request_.prefix)) {
      const auto& [key, note] = *at++;
      const std::string_view group = group_of(key, request_);
      if (beyond(group.empty() ? key : group) || objects.size() + prefixes.size() > request_.max) break;
      if (!note.object || note.listed || !behind(key, position, request_)) continue;
      if (group.empty()) {
        if (!std::ranges::binary_search(page_.objects, key, {}, &ObjectInfo::key)) objects.push_back(*note.object);
      } else {
        if (!std::ranges::binary_search(page_.prefixes, group)) prefixes.emplace_back(group);
        while (at != notes_.end() && at->first.starts_with(group)) ++at;
      }
    }
    if (objects.empty() && prefixes.empty()) return;
    std::ranges::move(objects, std::back_inserter(page_.objects));
    std::ranges::move(prefixes, std::back_inserter(page_.prefixes));
    std::ranges::sort(page_.objects, {}, &ObjectInfo::key);
    std::ranges::sort(page_.prefixes);
  }

  void cut() {
    const std::size_t most = std::max<std::size_t>(request_.max, 1);
    if (page_.objects.size() + page_.prefixes.size() <= most) return;
    std::size_t objects = 0;
    std::size_t prefixes = 0;
    while (objects + prefixes < most) {
      const bool left = objects < page_.objects.size();
      const bool object =
          left && (prefixes == page_.prefixes.size() || page_.objects[objects].key < page_.prefixes[prefixes]);
      page_.cursor = object ? page_.objects[objects++].key : page_.prefixes[prefixes++];
    }
    page_.objects.resize(objects);
    page_.prefixes.resize(prefixes);
  }

  Notes& notes_;
  ListPage& page_;
  const ListRequest& request_;
};

RecentWrites::RecentWrites() : RecentWrites(Options{}) {}

RecentWrites::RecentWrites(Options options) : options_(std::move(options)) {}

RecentWrites::Moment RecentWrites::now() const { return {SteadyClock::now(), options_.store_clock()}; }

void RecentWrites::drop_old() {
  const auto now = SteadyClock::now();
  while (!by_age_.empty() && (by_age_.size() > options_.max_keys || now - by_age_.front().at >= options_.lifetime)) {
    auto found = notes_.find(by_age_.front().key);
    if (found != notes_.end() && found->second.number == by_age_.front().number) notes_.erase(found);
    by_age_.pop_front();
  }
}

void RecentWrites::remember(const std::string& key, std::optional<ObjectInfo> object, Moment begun) {
  const Moment ended = now();
  std::lock_guard lock(mutex_);
  auto [at, fresh] = notes_.try_emplace(key);
  Note& note = at->second;
  if (!fresh) {
    const bool same = object ? note.object && note.object->etag == object->etag : !note.object;
    if (note.ended.steady > begun.steady && !same) {
      // The two overlapped: nobody knows which of them the store did last.
      notes_.erase(at);
      return;
    }
    if (note.object) note.former_etags.push_back(note.object->etag);
    if (note.former_etags.size() > max_former_etags) note.former_etags.erase(note.former_etags.begin());
  }
  note.object = std::move(object);
  if (note.object) note.object->modified = ended.wall;
  note.begun = begun;
  note.ended = ended;
  note.listed = false;
  note.number = ++last_number_;
  by_age_.push_back({ended.steady, note.number, key});
  drop_old();
}

void RecentWrites::wrote(const ObjectInfo& info, Moment begun) {
  ObjectInfo object;
  object.key = info.key;
  object.size = info.size;
  object.etag = info.etag;
  object.crc64 = info.crc64;
  if (auto time = info.metadata.find("mtime"); time != info.metadata.end()) object.metadata.insert(*time);
  remember(info.key, std::move(object), begun);
}

void RecentWrites::removed(const std::string& key, Moment begun) { remember(key, std::nullopt, begun); }

void RecentWrites::doubt(const std::string& key) {
  std::lock_guard lock(mutex_);
  notes_.erase(key);
}

void RecentWrites::found(const ObjectInfo& info, Moment asked) {
  std::lock_guard lock(mutex_);
  auto found = notes_.find(info.key);
  if (found == notes_.end() || found->second.ended.steady > asked.steady) return;
  const auto& object = found->second.object;
  if (!object || object->etag != info.etag) notes_.erase(found);
}

void RecentWrites::missing(const std::string& key, Moment asked) {
  {
    std::lock_guard lock(mutex_);
    auto found = notes_.find(key);
    if (found == notes_.end() || !found->second.object || found->second.ended.steady > asked.steady) return;
    if (key.ends_with('/')) {
      // Somebody else removed the marker: that says nothing of what is below it.
      notes_.erase(found);
      return;
    }
  }
  removed(key, asked);
}

std::optional<ObjectInfo> RecentWrites::find(const std::string& key) {
  std::lock_guard lock(mutex_);
  drop_old();
  auto found = notes_.find(key);
  return found == notes_.end() ? std::nullopt : found->second.object;
}

std::size_t RecentWrites::removals_near(const ListRequest& request, std::size_t most) {
  std::lock_guard lock(mutex_);
  drop_old();
  const std::string_view position = position_of(request);
  auto at = notes_.lower_bound(std::max<std::string_view>(request.prefix, position));
  std::size_t count = 0;
  for (std::size_t seen = 0; seen < most && at != notes_.end() && at->first.starts_with(request.prefix); ++at, ++seen) {
    if (!at->second.object) ++count;
  }
  return count;
}

std::size_t RecentWrites::lay_over(ListPage& page, const ListRequest& request) {
  std::lock_guard lock(mutex_);
  drop_old();
  return notes_.empty() ? 0 : Overlay(notes_, page, request).run();
}

std::size_t RecentWrites::size() {
  std::lock_guard lock(mutex_);
  drop_old();
  return notes_.size();
}

}  // namespace gantry::vfs
