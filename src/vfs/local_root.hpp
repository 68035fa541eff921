// The directory that a local file system may not leave: opening things below it, and the names it keeps to itself.
// Everything here blocks: call it on the blocking pool. Thread-safe once made.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/descriptor.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "vfs/file_system.hpp"
#include "vfs/path.hpp"

namespace gantry::vfs {

/// When a commit counts as done.
enum class Durability : std::uint8_t {
  fsync,  ///< the bytes and the name are on the disk
  none,   ///< the kernel has them
};

/// How paths are kept below the root.
enum class Jail : std::uint8_t {
  automatic,  ///< openat2 where the kernel has it, otherwise walk
  walk,       ///< one segment at a time; no symbolic link is followed at all
};

/// What a file on its way looks like.
enum class Drafts : std::uint8_t {
  automatic,  ///< without a name where the file system can, otherwise under a hidden one
  named,      ///< always under a hidden name
};

struct LocalOptions {
  std::string root = {};
  Durability durability = Durability::fsync;
  Jail jail = Jail::automatic;
  Drafts drafts = Drafts::automatic;
};

class LocalRoot {
 public:
  /// Opens the directory. Errc::not_found, not_directory, denied. Blocks.
  [[nodiscard]] static Result<std::shared_ptr<LocalRoot>> open(LocalOptions options);

  LocalRoot(LocalOptions options, Descriptor directory, bool kernel_jail);

  /// Opens what `path` names. Symbolic links are followed while they stay below the root; one that leads out, or is
  /// absolute, is Errc::denied. `flags` as for open(2), without O_CREAT. A missing or non-directory step is not_found.
  [[nodiscard]] Result<Descriptor> open_path(const Path& path, int flags) const;
  /// The same without waiting, for reading or O_PATH, so on a lane too: nothing unless the kernel has every step of the
  /// path at hand, all on a file system that answers from memory then (no network, no other process).
  [[nodiscard]] std::optional<Descriptor> open_at_hand(const Path& path, int flags) const;
  /// What stands under the last name of a path, `parent` being its directory, opened as O_PATH (a link itself): nothing
  /// when the name is free. Errc::across_stores when something else is mounted there. Does not wait where
  /// changes_at_hand().
  [[nodiscard]] static Result<std::optional<Descriptor>> open_name(const Descriptor& parent, const Path& path);
  /// The directory that holds `path`'s last name, as an O_PATH descriptor. Errc::not_found; bad_name when the last
  /// name is one of ours. The root has no parent: Errc::denied.
  [[nodiscard]] Result<Descriptor> open_parent(const Path& path) const;
  /// Follows links as open_path does.
  [[nodiscard]] Result<struct ::stat> status(const Path& path) const;
  /// Blocks while it looks up the name of a user or group that it has not met.
  [[nodiscard]] Entry describe(std::string_view name, const struct ::stat& status) const;
  /// Never blocks: nothing when it does not know these names.
  [[nodiscard]] std::optional<Entry> describe_at_hand(std::string_view name, const struct ::stat& status) const;

  /// Of a file on the root's own file system, not of one mounted below it.
  [[nodiscard]] bool in_memory() const { return medium_ == Medium::memory; }
  /// New and changed files on the root's own file system never wait for a disk.
  [[nodiscard]] bool changes_at_hand() const { return in_memory() && !durable(); }
  /// Of any file. Blocks.
  [[nodiscard]] static bool in_memory(int descriptor) { return medium_of(descriptor) == Medium::memory; }
  [[nodiscard]] bool named_drafts() const { return options_.drafts == Drafts::named; }
  [[nodiscard]] bool durable() const { return options_.durability == Durability::fsync; }
  /// Makes the names in a directory durable when the options ask for it. `directory` may be an O_PATH descriptor.
  [[nodiscard]] Result<void> sync_names(int directory, const Path& path) const;

  /// Removes files that uploads left behind and nobody touched since `before`; the number of them. Walks the whole
  /// tree without following links.
  std::size_t sweep(WallTime before) const;

 private:
  enum class Medium : std::uint8_t { memory, disk, unknown };
  [[nodiscard]] static Medium medium_of(int descriptor);
  [[nodiscard]] Result<Descriptor> walk(const Path& path, int flags) const;
  template <class Id, class Look>
  [[nodiscard]] std::string remembered(std::map<Id, std::string>& names, Id id, Look look) const;

  LocalOptions options_;
  Descriptor directory_;
  bool kernel_jail_;
  Medium medium_;
  mutable std::mutex names_mutex_;
  mutable std::map<::uid_t, std::string> users_;
  mutable std::map<::gid_t, std::string> groups_;
};

/// A name that only this file system writes: an upload on its way, or a held one. Never listed, never opened by name.
[[nodiscard]] bool is_hidden_name(std::string_view name);
/// A fresh name for a file on its way.
[[nodiscard]] std::string temporary_name();
/// Where the interrupted upload of `name` is kept; nothing when the name is too long to be kept.
[[nodiscard]] std::optional<std::string> held_name(std::string_view name);
/// The name that a held file belongs to; nothing for any other file.
[[nodiscard]] std::optional<std::string_view> name_of_held(std::string_view hidden);

}  // namespace gantry::vfs
