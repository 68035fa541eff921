#include "transfer/mirror.hpp"

#include <fmt/format.h>

#include <mutex>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "transfer/pairs.hpp"

namespace gantry::transfer {
namespace {

constexpr std::size_t max_removals = 1'000'000;  // kept in memory until the copies are done
constexpr unsigned lost_patience = 3;            // failures of the network in a row

/// A copy that ended, for the thread that walks.
struct Finished {
  std::string path;
  ftp::Entry from;
  Outcome<FileResult> result;
};

class Mirror {
 public:
  Mirror(const MirrorSides& sides, MirrorOptions options, const MirrorEvents& events, const std::atomic<bool>& stop)
      : sides_(sides), options_(std::move(options)), events_(events), stop_(stop) {}

  Outcome<MirrorTotals> run();

 private:
  /// What one walk is for.
  enum class Walk : std::uint8_t { everything, removals, copies };

  /// One directory of both sides, while the walk is in it.
  struct Level {
    std::string path;
    Listing from;
    Listing to;
    std::unordered_set<std::string> seen{};  ///< names of the source so far, without case
    bool changed = false;
  };

  [[nodiscard]] bool ended() const { return totals_.ended || stop_; }
  void say(Action action) { events_.begins(action); }
  void fail(const std::string& path, Failure failure);
  void note(const std::string& path, const std::string& why);

  [[nodiscard]] Outcome<bool> prepare_tops();
  void walk(const std::string& path, bool there, const ftp::Entry* from, std::size_t depth);
  [[nodiscard]] bool list_both(Level& level, bool there);
  [[nodiscard]] bool enter_rules(const Level& level, bool& entered);
  void visit(Level& level, const ftp::Entry* from, const ftp::Entry* to, std::size_t depth);
  [[nodiscard]] Decision decided(const std::string& path, ftp::Entry from, ftp::Entry to);
  [[nodiscard]] Decision by_content(const std::string& path);
  void follow(Level& level, const Decision& decision, const ftp::Entry* from, const ftp::Entry* to, std::size_t depth);
  void copy(Level& level, const ftp::Entry& from, std::string_view reason, bool may_continue);
  [[nodiscard]] bool stands_alone(Level& level, const ftp::Entry& from);
  void make(Level& level, const ftp::Entry& from, std::string_view reason, std::size_t depth);
  bool collect(const std::string& path, const ftp::Entry& entry, std::string_view reason, std::vector<Action>& into,
               std::size_t depth);
  [[nodiscard]] bool replace(const std::string& path, const ftp::Entry& there);
  [[nodiscard]] bool remove(const Action& action);
  void remove_all();
  void settle();
  void remove_source(const Finished& done);
  void set_times();

  MirrorSides sides_;
  MirrorOptions options_;
  const MirrorEvents& events_;
  const std::atomic<bool>& stop_;
  MirrorTotals totals_;
  Walk walk_ = Walk::everything;
  bool complete_ = true;  ///< the source was read wholly
  bool asks_times_ = true;
  unsigned lost_ = 0;
  std::size_t entries_ = 0;
  std::vector<Action> removals_;
  std::vector<std::pair<std::string, WallTime>> times_;  ///< of directories, once nothing changes in them any more
  std::mutex mutex_;
  std::vector<Finished> finished_;  ///< under mutex_
};

void Mirror::fail(const std::string& path, Failure failure) {
  complete_ = complete_ && failure.why != Why::cancelled;
  if (walk_ == Walk::removals) return;  // the walk that follows meets it again
  ++totals_.failed;
  events_.fails(path, failure);
  lost_ = failure.why == Why::network ? lost_ + 1 : 0;
  const bool hopeless = failure.why == Why::login || failure.why == Why::tls || failure.why == Why::cancelled;
  if ((hopeless || lost_ >= lost_patience) && !totals_.ended) totals_.ended = std::move(failure);
}

void Mirror::note(const std::string& path, const std::string& why) {
  if (walk_ != Walk::removals) events_.notes(path, why);
}

/// Whether the target's top is there. It is made when it is not.
Outcome<bool> Mirror::prepare_tops() {
  auto from = sides_.from.look("");
  if (!from) return ftp::failed(from.error());
  if (from->kind != ftp::Kind::directory) return ftp::failed(Why::usage, "the source is no directory");
  auto to = sides_.to.look("");
  if (to && to->kind != ftp::Kind::directory) return ftp::failed(Why::usage, "the target is no directory");
  if (to) return true;
  if (to.error().reply != 550) return ftp::failed(to.error());
  say({.kind = Action::Kind::make_directory, .path = "", .reason = "new"});
  if (!options_.dry_run)
    if (auto made = sides_.to.make_directory(""); !made) return ftp::failed(made.error());
  ++totals_.directories;
  return false;
}

Outcome<MirrorTotals> Mirror::run() {
  auto there = prepare_tops();
  if (!there) return ftp::failed(there.error());
  if (options_.compare.remove && options_.remove_first) {
    walk_ = Walk::removals;
    walk("", *there, nullptr, 0);
    remove_all();
    walk_ = Walk::copies;
    entries_ = 0;
  }
  walk("", *there, nullptr, 0);
  sides_.copies.finish();
  settle();
  if (options_.compare.remove && !options_.remove_first) remove_all();
  if (!options_.dry_run) set_times();
  if (stop_) return ftp::failed(Why::cancelled, "stopped; the same command goes on from here");
  return totals_;
}

bool Mirror::list_both(Level& level, bool there) {
  auto from = sides_.from.list(level.path);
  if (!from) {
    complete_ = false;
    fail(level.path, from.error());
    return false;
  }
  level.from = std::move(*from);
  if (there) {
    auto to = sides_.to.list(level.path);
    if (!to) {
      fail(level.path, to.error());
      return false;
    }
    level.to = std::move(*to);
  }
  if (const std::size_t unsafe = level.from.unsafe; unsafe > 0) {
    if (walk_ != Walk::removals) totals_.skipped += unsafe;
    note(level.path, fmt::format("{} left out: control characters, slashes, or told twice",
                                 unsafe == 1 ? "a name" : fmt::format("{} names", unsafe)));
  }
  entries_ += level.from.entries.size() + level.to.entries.size();
  if (entries_ <= options_.max_entries) return true;
  complete_ = false;
  fail(level.path, {.why = Why::refused, .text = fmt::format("more than {} names; given up", options_.max_entries)});
  return false;
}

/// False when there are rules that cannot be read: nothing may be done without them.
bool Mirror::enter_rules(const Level& level, bool& entered) {
  for (const auto& [tree, listing] : {std::pair(&sides_.from, &level.from), std::pair(&sides_.to, &level.to)}) {
    if (find_entry(*listing, ignore_file) == nullptr) continue;
    auto text = tree->ignore_rules(level.path);
    if (!text) {
      complete_ = false;
      fail(level.path, text.error());
      return false;
    }
    if (text->empty()) continue;
    options_.filter.enter(level.path, IgnoreRules(*text));
    entered = true;
  }
  return true;
}

void Mirror::walk(const std::string& path, bool there, const ftp::Entry* from, std::size_t depth) {
  if (ended()) {
    complete_ = false;
    return;
  }
  if (depth > options_.max_depth) {
    complete_ = false;
    fail(path, {.why = Why::refused, .text = fmt::format("deeper than {} directories", options_.max_depth)});
    return;
  }
  Level level{.path = path, .from = {}, .to = {}};
  bool entered = false;
  if (!list_both(level, there) || !enter_rules(level, entered)) return;
  for_each_pair(level.from, level.to, [&](const ftp::Entry* a, const ftp::Entry* b) {
    if (!ended())
      visit(level, a, b, depth);
    else
      complete_ = false;
  });
  if (entered) options_.filter.leave();
  level.changed = level.changed || !there;
  if (level.changed && from != nullptr && from->modified && from->exact_time && walk_ != Walk::removals)
    times_.emplace_back(path, *from->modified);
}

void Mirror::visit(Level& level, const ftp::Entry* from, const ftp::Entry* to, std::size_t depth) {
  const std::string path = below(level.path, from != nullptr ? from->name : to->name);
  const auto kind = from != nullptr ? from->kind : to->kind;
  if (!options_.filter.takes(path, kind == ftp::Kind::directory)) return;
  // What an earlier run left of a file is continued, not removed.
  if (from == nullptr && to->name.ends_with(part_suffix) &&
      find_entry(level.from, std::string_view(to->name).substr(0, to->name.size() - part_suffix.size())) != nullptr)
    return;
  Decision decision = decide(from, to, options_.compare);
  if (decision.step == Step::ask_time || decision.step == Step::ask_content)
    decision = walk_ == Walk::removals ? Decision{} : decided(path, *from, *to);
  follow(level, decision, from, to, depth);
}

/// Asks what the listings left open.
Decision Mirror::decided(const std::string& path, ftp::Entry from, ftp::Entry to) {
  Decision decision = decide(&from, &to, options_.compare);
  if (decision.step == Step::ask_time && asks_times_) {
    for (const auto& [tree, entry] : {std::pair(&sides_.from, &from), std::pair(&sides_.to, &to)}) {
      auto now = tree->look(path);
      if (now && now->exact_time) {
        entry->modified = now->modified;
        entry->exact_time = true;
      } else if (now) {
        asks_times_ = false;  // a server that does not know it of one file knows it of none
      }
    }
    decision = decide(&from, &to, options_.compare);
  }
  if (decision.step == Step::ask_time)
    return options_.compare.only_newer ? Decision{Step::keep, "not newer"} : Decision{Step::copy, "time"};
  return decision.step == Step::ask_content ? by_content(path) : decision;
}

Decision Mirror::by_content(const std::string& path) {
  auto same = sides_.same_content(path);
  if (same) return *same ? Decision{Step::keep, "same"} : Decision{Step::copy, "content"};
  if (options_.compare.by != By::hash) return {Step::copy, "time"};
  fail(path, same.error());
  return {Step::leave};
}

void Mirror::follow(Level& level, const Decision& decision, const ftp::Entry* from, const ftp::Entry* to,
                    std::size_t depth) {
  const std::string path = below(level.path, from != nullptr ? from->name : to->name);
  switch (decision.step) {
    case Step::keep:
      // A file is moved only after the proof that the copy's own transfer gives.
      if (options_.move && from->kind == ftp::Kind::file && to->kind == ftp::Kind::file && decision.reason == "same")
        return copy(level, *from, "same", true);
      if (walk_ != Walk::removals) ++totals_.same;
      return;
    case Step::copy:
      return copy(level, *from, decision.reason, to == nullptr || may_be_beginning(*to, *from));
    case Step::make_directory:
      return make(level, *from, decision.reason, depth);
    case Step::enter:
      return walk(path, true, from, depth + 1);
    case Step::replace:
      if (walk_ == Walk::removals) return;
      if (!replace(path, *to)) return;
      return from->kind == ftp::Kind::directory ? make(level, *from, decision.reason, depth)
                                                : copy(level, *from, decision.reason, false);
    case Step::remove:
      level.changed = true;
      if (walk_ != Walk::copies) collect(path, *to, decision.reason, removals_, depth + 1);
      return;
    case Step::skip:
      if (walk_ == Walk::removals) return;
      if (to != nullptr && to->kind != from->kind && from->kind != ftp::Kind::link)
        return fail(path, {.why = Why::mismatch, .text = std::string(decision.reason)});
      ++totals_.skipped;
      return note(path, fmt::format("left out: {}", decision.reason));
    default:
      return;
  }
}

/// False when the target does not tell this name from another of the source, which differs by case only.
bool Mirror::stands_alone(Level& level, const ftp::Entry& from) {
  if (level.seen.insert(to_lower(from.name)).second) return true;
  const std::string path = below(level.path, from.name);
  note(path, "differs from another name by case only");
  if (options_.dry_run || find_entry(level.to, from.name) != nullptr) return true;
  sides_.copies.finish();
  settle();
  if (!sides_.to.look(path)) return true;
  fail(path, {.why = Why::mismatch, .text = "the target takes it for another name that differs by case only"});
  return false;
}

void Mirror::copy(Level& level, const ftp::Entry& from, std::string_view reason, bool may_continue) {
  if (walk_ == Walk::removals || !stands_alone(level, from)) return;
  const std::string path = below(level.path, from.name);
  say({options_.move ? Action::Kind::move : Action::Kind::copy, path, from.size, reason});
  level.changed = true;
  if (options_.dry_run) {
    ++totals_.files;
    totals_.bytes += from.size.value_or(0);
    return;
  }
  sides_.copies.copy(path, from, may_continue, [this, path, from](const Outcome<FileResult>& result) {
    const std::scoped_lock lock(mutex_);
    finished_.push_back({path, from, result});
  });
  settle();
}

void Mirror::make(Level& level, const ftp::Entry& from, std::string_view reason, std::size_t depth) {
  const std::string path = below(level.path, from.name);
  if (walk_ != Walk::removals) {
    if (!stands_alone(level, from)) return;
    say({.kind = Action::Kind::make_directory, .path = path, .reason = reason});
    level.changed = true;
    if (!options_.dry_run)
      if (auto made = sides_.to.make_directory(path); !made) return fail(path, made.error());
    ++totals_.directories;
  }
  walk(path, false, &from, depth + 1);
}

/// Adds what must go so that `entry` goes, the deepest first. False when something in it stays.
bool Mirror::collect(const std::string& path, const ftp::Entry& entry, std::string_view reason,
                     std::vector<Action>& into, std::size_t depth) {
  if (ended() || depth > options_.max_depth || into.size() >= max_removals) return false;
  if (entry.kind != ftp::Kind::directory) {
    into.push_back({.kind = Action::Kind::remove_file, .path = path, .reason = reason});
    return true;
  }
  auto inside = sides_.to.list(path);
  if (!inside) {
    fail(path, inside.error());
    return false;
  }
  bool all = inside->unsafe == 0;
  for (const ftp::Entry& child : inside->entries) {
    const std::string child_path = below(path, child.name);
    const bool takes = options_.filter.takes(child_path, child.kind == ftp::Kind::directory);
    all = takes && collect(child_path, child, reason, into, depth + 1) && all;
  }
  if (all) into.push_back({.kind = Action::Kind::remove_directory, .path = path, .reason = reason});
  return all;
}

bool Mirror::remove(const Action& action) {
  say(action);
  if (!options_.dry_run) {
    auto gone = action.kind == Action::Kind::remove_file ? sides_.to.remove_file(action.path)
                                                         : sides_.to.remove_directory(action.path);
    if (!gone) {
      fail(action.path, gone.error());
      return false;
    }
  }
  ++totals_.removed;
  return true;
}

bool Mirror::replace(const std::string& path, const ftp::Entry& there) {
  std::vector<Action> inside;
  if (!collect(path, there, "of another kind", inside, 0)) {
    fail(path, {.why = Why::mismatch, .text = "of another kind there, and something in it must stay"});
    return false;
  }
  for (const Action& action : inside)
    if (!remove(action)) return false;
  return true;
}

void Mirror::remove_all() {
  const auto refuse = [&](std::string text) {
    walk_ = Walk::everything;
    fail("", {.why = Why::mismatch, .text = std::move(text)});
  };
  if (removals_.empty() || stop_) return;
  if (!complete_) return refuse("nothing was deleted: the source could not be read completely");
  if (!options_.remove_first && totals_.failed > 0) return refuse("nothing was deleted: not everything was copied");
  if (removals_.size() >= max_removals || (options_.max_remove && removals_.size() > *options_.max_remove))
    return refuse(fmt::format("nothing was deleted: {} names would go, and no more than {} may", removals_.size(),
                              options_.max_remove.value_or(max_removals)));
  for (const Action& action : std::exchange(removals_, {}))
    if (!ended()) static_cast<void>(remove(action));
}

/// Takes the copies that ended.
void Mirror::settle() {
  std::vector<Finished> finished;
  {
    const std::scoped_lock lock(mutex_);
    finished.swap(finished_);
  }
  for (const Finished& done : finished) {
    if (!done.result) {
      fail(done.path, done.result.error());
      continue;
    }
    lost_ = 0;
    ++totals_.files;
    totals_.bytes += done.from.size.value_or(done.result->size);
    if (options_.move) remove_source(done);
  }
}

void Mirror::remove_source(const Finished& done) {
  if (done.result->end == End::skipped || done.result->proof.empty())
    return fail(done.path, {.why = Why::mismatch, .text = "stays in the source: its copy is not proved"});
  auto now = sides_.from.look(done.path);
  if (!now) return fail(done.path, now.error());
  if (now->size != done.from.size || (now->modified != done.from.modified && now->exact_time && done.from.exact_time))
    return fail(done.path, {.why = Why::mismatch, .text = "stays in the source: it was changed meanwhile"});
  if (auto gone = sides_.from.remove_file(done.path); !gone) fail(done.path, gone.error());
}

void Mirror::set_times() {
  // Not every server lets directories have times; files are what counts.
  for (const auto& [path, time] : times_)
    if (!ended()) static_cast<void>(sides_.to.set_time(path, time));
}

}  // namespace

Outcome<MirrorTotals> mirror(const MirrorSides& sides, MirrorOptions options, const MirrorEvents& events,
                             const std::atomic<bool>& stop) {
  return Mirror(sides, std::move(options), events, stop).run();
}

}  // namespace gantry::transfer
