// What this process wrote to one bucket and removed from it in the last seconds, to be laid over listings that lag
// behind: COS may leave a fresh object out of a listing, show a removed one, or show an overwritten one as it was.
// One for each bucket, shared by all lanes and sessions. Thread-safe. Must not know: requests, sessions, paths.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object/store.hpp"

namespace gantry::vfs {

class RecentWrites {
 public:
  /// Listings are said to lag by seconds; what is older than this they are believed about.
  static constexpr SteadyClock::duration default_lifetime = std::chrono::seconds(30);
  /// About 300 bytes and a key each; the oldest goes first.
  static constexpr std::size_t default_max_keys = 10'000;
  /// The store's clock differs from the one it is compared with by less, and it tells whole seconds.
  static constexpr Milliseconds clock_tolerance = std::chrono::seconds(2);

  struct Options {
    SteadyClock::duration lifetime = default_lifetime;
    std::size_t max_keys = default_max_keys;
    std::function<WallTime()> store_clock = wall_now;  ///< the store's time as far as it is known
  };

  RecentWrites();
  explicit RecentWrites(Options options);

  /// A point in time on both clocks: taken before a request goes out, given back with its outcome.
  struct Moment {
    SteadyClock::time_point steady;
    WallTime wall;
  };
  [[nodiscard]] Moment now() const;

  /// The store confirmed that `info.key` now has this size, ETag, CRC-64 and "mtime" (info.modified is not read).
  /// Where the request overlapped another one that says otherwise nobody knows which came last, and the listing is
  /// believed about the key.
  void wrote(const object::ObjectInfo& info, Moment begun);
  /// The store confirmed that the key is gone. A directory's marker (a key that ends in '/') may be removed only when
  /// nothing is left below it: then the directory itself is taken to be gone.
  void removed(const std::string& key, Moment begun);
  /// The outcome of a write is unknown: the listing is believed about the key.
  void doubt(const std::string& key);
  /// What a HEAD or GET sent at `asked` told of the key. They do not lag, so what somebody else did shows here.
  void found(const object::ObjectInfo& info, Moment asked);
  void missing(const std::string& key, Moment asked);

  /// The object as wrote() described it, if that is remembered. Its time is that of the write.
  [[nodiscard]] std::optional<object::ObjectInfo> find(const std::string& key);
  /// How many of the next `most` keys remembered where `request` begins were removed.
  [[nodiscard]] std::size_t removals_near(const object::ListRequest& request, std::size_t most);

  /// Sets right what `page`, an answer to `request`, says of the keys remembered here, within the range it covers:
  /// behind the request's cursor, to its own. What others wrote later than we did wins. Cursors must be the last key
  /// or common prefix of a page, as COS's markers are. The page is cut where it would become longer than `request`
  /// allows. How many keys and common prefixes were dropped because they are gone.
  std::size_t lay_over(object::ListPage& page, const object::ListRequest& request);

  /// Keys remembered.
  [[nodiscard]] std::size_t size();

 private:
  struct Note {
    std::optional<object::ObjectInfo> object;  // nothing: removed
    Moment begun{};
    Moment ended{};
    std::vector<std::string> former_etags;  // of what this process replaced or removed, the latest last
    bool listed = false;                    // a listing has caught up with it: from then on its absence counts
    std::uint64_t number = 0;
  };
  using Notes = std::map<std::string, Note, std::less<>>;
  struct Aged {
    SteadyClock::time_point at;
    std::uint64_t number;
    std::string key;
  };
  class Overlay;

  void remember(const std::string& key, std::optional<object::ObjectInfo> object, Moment begun);
  void drop_old();

  Options options_;
  std::mutex mutex_;  // guards all below
  Notes notes_;
  std::deque<Aged> by_age_;  // the oldest first; a number that is not its note's is that of a replaced one
  std::uint64_t last_number_ = 0;
};

}  // namespace gantry::vfs
