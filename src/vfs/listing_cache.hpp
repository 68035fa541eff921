// What one session knows about the tree for a few seconds: what a listing or a stat just said, with the session's own
// changes laid over it. It saves the requests behind the SIZE and MDTM that clients send after MLSD.
// Must not know: keys, requests. Single-threaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "async/task.hpp"
#include "vfs/file_system.hpp"

namespace gantry::vfs {

class ListingCache {
 public:
  /// `facts_for`: how long what a listing or stat said is believed; `directories_for`: how long a directory that was
  /// seen is believed to exist when something is put into it.
  explicit ListingCache(SteadyClock::duration facts_for = std::chrono::seconds(5),
                        SteadyClock::duration directories_for = std::chrono::seconds(60));

  struct Fact {
    std::optional<Entry> entry;  ///< nothing: known not to exist
  };
  /// Nothing: not known.
  [[nodiscard]] std::optional<Fact> find(const Path& path) const;
  [[nodiscard]] bool directory_exists(const Path& path) const;

  /// From a listing or a stat: does not replace what this session itself did meanwhile. False: no room for it.
  bool seen(const Path& path, const Entry& entry);
  /// A listing of `directory` that began at `begun` ended, and seen() kept all of it.
  void seen_all(const Path& directory, SteadyClock::time_point begun);
  /// What a part of a listing of a directory told: its names with their slashes behind `after`, up to `last` and with
  /// it (empty: up to the end).
  struct Stretch {
    std::string after;
    std::string last;
  };
  /// A question that was asked at `begun` told of all directories in `directory` within the stretch, and seen() kept
  /// them. The latest for each directory is remembered.
  void seen_directories(const Path& directory, Stretch stretch, SteadyClock::time_point begun);
  /// Known not to be a directory; of files this says nothing.
  [[nodiscard]] bool no_directory(const Path& path) const;
  /// Own changes.
  void wrote(const Path& path, const Entry& entry);
  void removed(const Path& path);
  /// This session gave the content `unique` of `path` a time, which listings do not know.
  void dated(const Path& path, std::string unique, WallTime time);
  /// `entry` as a listing tells it, with the time this session gave it as long as the content is the same.
  [[nodiscard]] Entry with_given_time(const Path& path, Entry entry) const;
  /// `path` and all below it changed in a way not followed here.
  void forget(const Path& path);

  /// So many facts are kept at most (about 200 bytes each).
  static constexpr std::size_t max_facts = 5000;

 private:
  struct Known {
    std::optional<Entry> entry;
    SteadyClock::time_point at;
    bool own = false;
  };
  [[nodiscard]] bool fresh(SteadyClock::time_point at, SteadyClock::duration limit) const;
  [[nodiscard]] bool make_room();
  [[nodiscard]] SteadyClock::duration sweep_interval() const { return facts_for_ / 8; }

  SteadyClock::duration facts_for_;
  SteadyClock::duration directories_for_;
  SteadyClock::time_point next_sweep_{};
  std::unordered_map<std::string, Known> facts_;
  std::unordered_map<std::string, SteadyClock::time_point> complete_;
  struct Looked {
    Stretch stretch;
    SteadyClock::time_point at;
  };
  std::unordered_map<std::string, Looked> looked_;
  std::unordered_map<std::string, SteadyClock::time_point> directories_;
  struct GivenTime {
    std::string unique;
    WallTime time;
  };
  std::unordered_map<std::string, GivenTime> times_;
};

}  // namespace gantry::vfs
