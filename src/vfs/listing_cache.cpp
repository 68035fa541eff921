#include "vfs/listing_cache.hpp"

namespace gantry::vfs {

ListingCache::ListingCache(SteadyClock::duration facts_for, SteadyClock::duration directories_for)
    : facts_for_(facts_for), directories_for_(directories_for) {}

bool ListingCache::fresh(SteadyClock::time_point at, SteadyClock::duration limit) const {
  return SteadyClock::now() - at < limit;
}

std::optional<ListingCache::Fact> ListingCache::find(const Path& path) const {
  if (auto known = facts_.find(path.text()); known != facts_.end() && fresh(known->second.at, facts_for_)) {
    return Fact{known->second.entry};
  }
  auto listed = complete_.find(path.parent().text());
  if (!path.is_root() && listed != complete_.end() && fresh(listed->second, facts_for_)) return Fact{};
  return std::nullopt;
}

bool ListingCache::directory_exists(const Path& path) const {
  if (path.is_root()) return true;
  auto known = directories_.find(path.text());
  return known != directories_.end() && fresh(known->second, directories_for_);
}

bool ListingCache::no_directory(const Path& path) const {
  if (auto known = find(path)) return !known->entry || known->entry->kind != Kind::directory;
  auto looked = looked_.find(path.parent().text());
  if (path.is_root() || looked == looked_.end() || !fresh(looked->second.at, facts_for_)) return false;
  const auto& [after, last] = looked->second.stretch;
  const std::string name = std::string(path.name()) + "/";
  return name > after && (last.empty() || name <= last);
}

bool ListingCache::make_room() {
  if (directories_.size() >= max_facts) directories_.clear();
  if (facts_.size() < max_facts) return true;
  // A listing of a million names asks a million times.
  const auto now = SteadyClock::now();
  if (now < next_sweep_) return false;
  next_sweep_ = now + sweep_interval();
  std::erase_if(facts_, [&](const auto& fact) { return !fresh(fact.second.at, facts_for_); });
  std::erase_if(complete_, [&](const auto& listed) { return !fresh(listed.second, facts_for_); });
  return facts_.size() < max_facts;
}

bool ListingCache::seen(const Path& path, const Entry& entry) {
  if (!make_room()) return false;
  const auto now = SteadyClock::now();
  if (entry.kind == Kind::directory) directories_[path.text()] = now;
  Known& known = facts_[path.text()];
  const bool mine = known.own && fresh(known.at, facts_for_);
  // The same content: what the store says of it is better than what was guessed at the time of writing.
  const bool same = mine && known.entry && !entry.unique.empty() && known.entry->unique == entry.unique;
  if (!mine || same) known = {entry, now, mine};
  return true;
}

void ListingCache::seen_all(const Path& directory, SteadyClock::time_point begun) {
  directories_[directory.text()] = SteadyClock::now();
  complete_[directory.text()] = begun;
}

void ListingCache::seen_directories(const Path& directory, Stretch stretch, SteadyClock::time_point begun) {
  if (looked_.size() >= max_facts) looked_.clear();
  looked_[directory.text()] = {std::move(stretch), begun};
}

void ListingCache::wrote(const Path& path, const Entry& entry) {
  if (!make_room()) {
    facts_.clear();
    complete_.clear();
    looked_.clear();
  }
  const auto now = SteadyClock::now();
  facts_[path.text()] = {entry, now, true};
  for (Path above = path.parent(); !above.is_root(); above = above.parent()) directories_[above.text()] = now;
  if (entry.kind == Kind::directory) directories_[path.text()] = now;
}

void ListingCache::removed(const Path& path) {
  forget(path);
  if (!make_room()) {
    facts_.clear();
    complete_.clear();
    looked_.clear();
  }
  facts_[path.text()] = {std::nullopt, SteadyClock::now(), true};
}

void ListingCache::dated(const Path& path, std::string unique, WallTime time) {
  if (times_.size() >= max_facts) times_.clear();
  times_[path.text()] = {std::move(unique), time};
}

Entry ListingCache::with_given_time(const Path& path, Entry entry) const {
  auto given = times_.find(path.text());
  if (given != times_.end() && given->second.unique == entry.unique) entry.modified = given->second.time;
  return entry;
}

void ListingCache::forget(const Path& path) {
  const std::string below = path.is_root() ? "/" : path.text() + "/";
  auto concerned = [&](const auto& known) { return known.first == path.text() || known.first.starts_with(below); };
  std::erase_if(facts_, concerned);
  std::erase_if(complete_, concerned);
  std::erase_if(directories_, concerned);
  std::erase_if(looked_, concerned);
  // The parent's listing may have told of it; what is not a fact any more must not read as "does not exist".
  complete_.erase(path.parent().text());
  looked_.erase(path.parent().text());
}

}  // namespace gantry::vfs
