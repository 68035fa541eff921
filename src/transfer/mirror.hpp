// Makes one tree equal to another: walks both side by side, one directory at a time, and copies, makes and removes.
// What is done is said in the order of the walk, and a dry run says the same. Must not know: the screen, servers.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "transfer/compare.hpp"
#include "transfer/file.hpp"
#include "transfer/filter.hpp"
#include "transfer/tree.hpp"

namespace gantry::transfer {

struct MirrorOptions {
  CompareOptions compare{};
  Filter filter{};
  bool remove_first = false;  ///< before anything is copied, instead of after all went well
  bool move = false;          ///< files of the source go once their copies are proved
  bool dry_run = false;
  std::optional<std::uint64_t> max_remove{};  ///< when more would be removed, nothing is
  std::size_t max_depth = 128;                ///< of directories; a tree may be made to have no end
  std::size_t max_entries = 20'000'000;       ///< of both sides together
};

/// One thing that is done, or would be.
struct Action {
  enum class Kind : std::uint8_t { copy, move, make_directory, remove_file, remove_directory };
  Kind kind = Kind::copy;
  std::string path;                     ///< below both tops; "" is the top
  std::optional<std::uint64_t> size{};  ///< of a file to copy
  std::string_view reason{};            ///< "new", "size", "time", ...
};

struct MirrorTotals {
  std::uint64_t files = 0;  ///< copied
  std::uint64_t bytes = 0;  ///< in them
  std::uint64_t directories = 0;
  std::uint64_t removed = 0;
  std::uint64_t same = 0;     ///< files that needed nothing
  std::uint64_t skipped = 0;  ///< links, devices, names that are none
  std::uint64_t failed = 0;
  std::optional<Failure> ended{};  ///< why the rest was not tried
};

/// All are called by the thread that runs mirror().
struct MirrorEvents {
  std::function<void(const Action&)> begins;
  std::function<void(const std::string& path, const Failure&)> fails;
  std::function<void(const std::string& path, const std::string& why)> notes;
};

/// Copies files from one tree to the other, one after the other or several at once.
class Copies {
 public:
  using Done = std::function<void(const Outcome<FileResult>&)>;

  virtual ~Copies() = default;
  /// May wait until there is room for one more. `may_continue`: what the target has may be a beginning of the file;
  /// otherwise it is another one. `done` is called once, by any thread.
  virtual void copy(const std::string& path, const ftp::Entry& from, bool may_continue, Done done) = 0;
  /// Returns when all are done.
  virtual void finish() = 0;
};

/// What a mirror works with; all outlive it.
struct MirrorSides {
  Tree& from;
  Tree& to;
  Copies& copies;
  /// Whether a file that both have, of one size, has the same content; needed for By::hash.
  std::function<Outcome<bool>(const std::string& path)> same_content;
};

/// Nothing is removed unless the whole source could be read and, without remove_first, all copies went well. Fails when
/// a top cannot be read; other failures are told, counted, and the rest goes on.
[[nodiscard]] Outcome<MirrorTotals> mirror(const MirrorSides& sides, MirrorOptions options, const MirrorEvents& events,
                                           const std::atomic<bool>& stop);

}  // namespace gantry::transfer
