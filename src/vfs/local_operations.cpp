#include "vfs/local_operations.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "vfs/local_draft.hpp"
#include "vfs/local_errno.hpp"

namespace gantry::vfs::local {

namespace {

constexpr ::mode_t new_directory_mode = 0777;  // less the umask

std::string last_name(const Path& path) { return std::string(path.name()); }

/// Of the name itself, links not followed; nothing when it is not there.
Result<std::optional<struct ::stat>> status_of_name(int parent, const Path& path) {
  struct ::stat status{};
  if (::fstatat(parent, last_name(path).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT) return std::nullopt;
  return fail_errno(errno, "stat", path.text());
}

/// What `path` leads to, as a name that calls without an O_PATH form take.
Result<std::pair<Descriptor, std::string>> open_handle(const LocalRoot& root, const Path& path) {
  auto file = root.open_path(path, O_PATH);
  if (!file) return fail(std::move(file.error()));
  std::string name = fmt::format("/proc/self/fd/{}", file->number());
  return std::pair(std::move(*file), std::move(name));
}

Result<void> check_rename(int source_parent, int target_parent, const Path& from, const Path& to) {
  auto source = status_of_name(source_parent, from);
  if (!source) return fail(std::move(source.error()));
  if (!*source) return fail(Errc::not_found, "rename", from.text());
  const bool directory = S_ISDIR((*source)->st_mode);
  if (directory && to.within(from)) return fail(Errc::invalid, "rename", "into itself");
  auto target = status_of_name(target_parent, to);
  if (!target) return fail(std::move(target.error()));
  if (*target && (directory || S_ISDIR((*target)->st_mode))) return fail(Errc::already_exists, "rename", to.text());
  return {};
}

/// As renameat, but never onto anything.
int rename_to_free(int source, const std::string& from, int target, const std::string& to) {
  if (::renameat2(source, from.c_str(), target, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  // A file system without that flag: a hard link does not replace either.
  if (::linkat(source, from.c_str(), target, to.c_str(), 0) == 0) return ::unlinkat(source, from.c_str(), 0);
  if (errno != EPERM && errno != EOPNOTSUPP) return -1;
  // A directory, or no hard links: then a look beforehand must do.
  if (::faccessat(target, to.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return ::renameat(source, from.c_str(), target, to.c_str());
}

}  // namespace

Result<Entry> stat(const LocalRoot& root, const Path& path) {
  auto status = root.status(path);
  if (status) return root.describe(path.name(), *status);
  if (status.error().code != Errc::not_found || path.is_root()) return fail(std::move(status.error()));
  // Not published; an interrupted upload shows how far it came.
  auto parent = root.open_parent(path);
  if (!parent) return fail(std::move(status.error()));
  const auto held = held_status(parent->number(), path.name());
  if (!held) return fail(std::move(status.error()));
  Entry entry = root.describe(path.name(), *held);
  entry.held = true;
  return entry;
}

std::optional<Entry> stat_at_hand(const LocalRoot& root, const Path& path) {
  const auto found = root.open_at_hand(path, O_PATH);
  struct ::stat status{};
  if (!found || ::fstat(found->number(), &status) != 0) return std::nullopt;
  return root.describe_at_hand(path.name(), status);
}

Result<void> rename(const LocalRoot& root, const Path& from, const Path& to, Existing existing) {
  if (to.is_root()) return fail(from.is_root() ? Errc::denied : Errc::already_exists, "rename", "the root");
  auto source_parent = root.open_parent(from);
  if (!source_parent) return fail(std::move(source_parent.error()));
  // Said before the target's parent is looked for: that parent is the source itself, or below it.
  auto target_parent = root.open_parent(to);
  if (!target_parent) return fail(std::move(target_parent.error()));
  const int source = source_parent->number();
  const int target = target_parent->number();
  if (auto allowed = check_rename(source, target, from, to); !allowed) return allowed;
  if (from == to) return {};
  const std::string old_name = last_name(from);
  const std::string new_name = last_name(to);
  const int problem = existing == Existing::stays ? rename_to_free(source, old_name, target, new_name)
                                                  : ::renameat(source, old_name.c_str(), target, new_name.c_str());
  if (problem != 0) {
    if (errno == EXDEV) return fail(Errc::across_stores, "rename", "across disks");
    if (errno == ENOTEMPTY || errno == EISDIR || errno == ENOTDIR) errno = EEXIST;
    return fail_errno(errno, "rename", from.text());
  }
  forget_held(source, from.name());
  forget_held(target, to.name());
  if (auto synced = root.sync_names(target, to); !synced) return synced;
  return root.sync_names(source, from);
}

Result<void> remove_file(const LocalRoot& root, const Path& path) {
  if (path.is_root()) return fail(Errc::is_directory, "remove", "the root");
  auto parent = root.open_parent(path);
  if (!parent) return fail(std::move(parent.error()));
  const bool removed = ::unlinkat(parent->number(), last_name(path).c_str(), 0) == 0;
  const int problem = errno;
  if (!removed && problem != ENOENT) return fail_errno(problem, "remove", path.text());
  auto dropped = drop_held(parent->number(), path.name());
  if (!removed) {
    if (!dropped) return fail(std::move(dropped.error()));
    if (!*dropped) return fail_errno(problem, "remove", path.text());
  }
  return root.sync_names(parent->number(), path);
}

Result<void> remove_directory(const LocalRoot& root, const Path& path) {
  auto parent = root.open_parent(path);
  if (!parent) return fail(std::move(parent.error()));
  if (::unlinkat(parent->number(), last_name(path).c_str(), AT_REMOVEDIR) != 0) {
    if (errno == EEXIST) errno = ENOTEMPTY;
    return fail_errno(errno, "remove", path.text());
  }
  return root.sync_names(parent->number(), path);
}

Result<void> make_directory(const LocalRoot& root, const Path& path) {
  if (path.is_root()) return fail(Errc::already_exists, "make directory", "the root");
  auto parent = root.open_parent(path);
  if (!parent) return fail(std::move(parent.error()));
  if (::mkdirat(parent->number(), last_name(path).c_str(), new_directory_mode) != 0) {
    return fail_errno(errno, "make directory", path.text());
  }
  return root.sync_names(parent->number(), path);
}

Result<void> set_time(const LocalRoot& root, const Path& path, WallTime modified) {
  auto handle = open_handle(root, path);
  if (!handle) return fail(std::move(handle.error()));
  const auto since_epoch = modified.time_since_epoch();
  const auto seconds = std::chrono::floor<Seconds>(since_epoch);
  const timespec times[2] = {
      {.tv_sec = 0, .tv_nsec = UTIME_OMIT},
      {.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(since_epoch - seconds).count()}};
  if (::utimensat(AT_FDCWD, handle->second.c_str(), times, 0) != 0) return fail_errno(errno, "set time", path.text());
  return {};
}

Result<void> set_mode(const LocalRoot& root, const Path& path, unsigned mode) {
  if (mode > 0777) return fail(Errc::invalid, "set mode", "more than permission bits");
  auto handle = open_handle(root, path);
  if (!handle) return fail(std::move(handle.error()));
  if (::chmod(handle->second.c_str(), mode) != 0) return fail_errno(errno, "set mode", path.text());
  return {};
}

Result<std::uint64_t> free_space(const LocalRoot& root, const Path& path) {
  auto file = root.open_path(path, O_PATH);
  if (!file) return fail(std::move(file.error()));
  struct ::statvfs space{};
  if (::fstatvfs(file->number(), &space) != 0) return fail_errno(errno, "free space", path.text());
  return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
}

}  // namespace gantry::vfs::local
