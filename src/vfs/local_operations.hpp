// What a local file system does with names: the blocking calls behind LocalFileSystem, one function an operation.
// The errors are those of FileSystem.
#pragma once

#include "vfs/file_system.hpp"
#include "vfs/local_root.hpp"

namespace gantry::vfs::local {

[[nodiscard]] Result<Entry> stat(const LocalRoot& root, const Path& path);
/// The only one that does not block: nothing unless the kernel and `root` have all that it needs at hand.
[[nodiscard]] std::optional<Entry> stat_at_hand(const LocalRoot& root, const Path& path);
[[nodiscard]] Result<void> rename(const LocalRoot& root, const Path& from, const Path& to, Existing existing);
[[nodiscard]] Result<void> remove_file(const LocalRoot& root, const Path& path);
[[nodiscard]] Result<void> remove_directory(const LocalRoot& root, const Path& path);
[[nodiscard]] Result<void> make_directory(const LocalRoot& root, const Path& path);
[[nodiscard]] Result<void> set_time(const LocalRoot& root, const Path& path, WallTime modified);
[[nodiscard]] Result<void> set_mode(const LocalRoot& root, const Path& path, unsigned mode);
[[nodiscard]] Result<std::uint64_t> free_space(const LocalRoot& root, const Path& path);

}  // namespace gantry::vfs::local
