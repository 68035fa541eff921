#include "vfs/local_root.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "vfs/local_errno.hpp"

namespace gantry::vfs {

namespace {

constexpr std::string_view temporary_prefix = ".gantry-";
constexpr std::string_view temporary_suffix = ".part";
constexpr std::string_view held_prefix = ".gantry-held.";
constexpr std::size_t max_name_bytes = 255;
constexpr std::size_t max_cached_names = 10'000;

constexpr std::uint64_t below_root = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
// Beginning with Linux 5.12; older headers lack the name, older kernels answer EINVAL.
constexpr std::uint64_t only_cached = 0x20;

int open_beneath(int directory, const char* path, int flags, std::uint64_t resolve = below_root) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = resolve;
  // EAGAIN: a rename elsewhere raced with a ".." in a link; the kernel asks to try again.
  for (int tries = 0; tries < 16; ++tries) {
    const long fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if ((errno != EAGAIN && errno != EINTR) || (resolve & only_cached) != 0) return -1;
  }
  return -1;
}

/// As openat2 wants it.
const char* relative(const Path& path) { return path.is_root() ? "." : path.text().c_str() + 1; }

Error walk_error(int number, const Path& path) {
  // A file where a directory should be: what is below it does not exist.
  if (number == ENOTDIR) number = ENOENT;
  return fail_errno(number, "open", path.text()).error();
}

WallTime to_wall(const timespec& time) {
  return WallTime{
      std::chrono::duration_cast<Milliseconds>(Seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec))};
}

/// Device, inode, time and size: what makes a file another one. By hand, because every entry of a listing has it.
std::string unique_of(const struct ::stat& status) {
  std::array<char, 96> text{};  // five numbers of 16 digits at most, and what separates them
  char* at = text.data();
  auto append = [&at, end = text.data() + text.size()](auto number, char before) {
    if (before != 0) *at++ = before;
    at = std::to_chars(at, end, number, 16).ptr;
  };
  append(status.st_dev, 0);
  append(status.st_ino, '-');
  append(status.st_mtim.tv_sec, '-');
  append(status.st_mtim.tv_nsec, '.');
  append(status.st_size, '-');
  return {text.data(), at};
}

/// getpwuid_r and getgrgid_r alike: the buffer grows until the record fits.
template <class Record, class Id, class Look>
std::string look_up(Id id, char* Record::* field, Look look) {
  std::vector<char> buffer(1024);
  while (buffer.size() <= mib) {
    Record record{};
    Record* found = nullptr;
    const int problem = look(id, &record, buffer.data(), buffer.size(), &found);
    if (problem == ERANGE) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    if (problem == 0 && found != nullptr) return record.*field;
    break;
  }
  return std::to_string(id);
}

Entry entry_of(std::string_view name, const struct ::stat& status) {
  Entry entry;
  entry.name = std::string(name);
  entry.kind = S_ISDIR(status.st_mode) ? Kind::directory : Kind::file;
  entry.size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  entry.modified = to_wall(status.st_mtim);
  entry.unique = unique_of(status);
  entry.mode = status.st_mode & 0777U;
  return entry;
}

}  // namespace

bool is_hidden_name(std::string_view name) {
  return name.starts_with(held_prefix) || (name.starts_with(temporary_prefix) && name.ends_with(temporary_suffix));
}

std::string temporary_name() {
  std::array<char, 12> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    throw std::runtime_error("no random bytes");
  }
  return fmt::format("{}{}{}", temporary_prefix, to_hex({random.data(), random.size()}), temporary_suffix);
}

std::optional<std::string> held_name(std::string_view name) {
  if (held_prefix.size() + name.size() > max_name_bytes) return std::nullopt;
  return std::string(held_prefix) + std::string(name);
}

std::optional<std::string_view> name_of_held(std::string_view hidden) {
  if (!hidden.starts_with(held_prefix) || hidden.size() == held_prefix.size()) return std::nullopt;
  return hidden.substr(held_prefix.size());
}

Result<std::shared_ptr<LocalRoot>> LocalRoot::open(LocalOptions options) {
  Descriptor directory(::open(options.root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory.good()) return fail_errno(errno, "open the root directory", options.root);
  bool kernel_jail = false;
  if (options.jail == Jail::automatic) {
    // Old kernels lack the call and some sandboxes forbid it.
    kernel_jail = Descriptor(open_beneath(directory.number(), ".", O_PATH | O_DIRECTORY)).good();
    if (!kernel_jail) {
      log::warning("openat2 is not available: symbolic links in this store are not followed",
                   {{"root", options.root}, {"error", std::strerror(errno)}});
    }
  }
  // A nameless file gets its name through /proc; a bare chroot has none.
  if (::access("/proc/self/fd", X_OK) != 0) options.drafts = Drafts::named;
  return std::make_shared<LocalRoot>(std::move(options), std::move(directory), kernel_jail);
}

LocalRoot::LocalRoot(LocalOptions options, Descriptor directory, bool kernel_jail)
    : options_(std::move(options)),
      directory_(std::move(directory)),
      kernel_jail_(kernel_jail),
      medium_(medium_of(directory_.number())) {}

LocalRoot::Medium LocalRoot::medium_of(int descriptor) {
  struct ::statfs about{};
  if (::fstatfs(descriptor, &about) != 0) return Medium::unknown;
  switch (static_cast<unsigned long>(about.f_type)) {
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
      return Medium::memory;
    case EXT4_SUPER_MAGIC:  // ext2 and ext3 too
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
      return Medium::disk;
    default:
      return Medium::unknown;
  }
}

Result<Descriptor> LocalRoot::open_path(const Path& path, int flags) const {
  if (is_hidden_name(path.name())) return fail(Errc::not_found, "open", path.text());
  if (!kernel_jail_) return walk(path, flags);
  Descriptor fd(open_beneath(directory_.number(), relative(path), flags));
  if (!fd.good()) return fail(walk_error(errno, path));
  return fd;
}

std::optional<Descriptor> LocalRoot::open_at_hand(const Path& path, int flags) const {
  if (!kernel_jail_ || medium_ == Medium::unknown || is_hidden_name(path.name())) return std::nullopt;
  Descriptor fd(open_beneath(directory_.number(), relative(path), flags, below_root | only_cached | RESOLVE_NO_XDEV));
  if (!fd.good()) return std::nullopt;
  return fd;
}

Result<std::optional<Descriptor>> LocalRoot::open_name(const Descriptor& parent, const Path& path) {
  Descriptor fd(open_beneath(parent.number(), std::string(path.name()).c_str(), O_PATH | O_NOFOLLOW,
                             below_root | RESOLVE_NO_XDEV));
  if (fd.good()) return fd;
  if (errno == ENOENT) return std::nullopt;
  if (errno == EXDEV) return fail(Errc::across_stores, "open", path.text());
  return fail(walk_error(errno, path));
}

Result<Descriptor> LocalRoot::walk(const Path& path, int flags) const {
  const auto segments = path.segments();
  Descriptor current(::openat(directory_.number(), ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!current.good()) return fail(walk_error(errno, path));
  if (segments.empty()) {
    Descriptor root(::openat(directory_.number(), ".", flags | O_CLOEXEC));
    if (!root.good()) return fail(walk_error(errno, path));
    return root;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    const std::string name(segments[i]);
    // O_PATH with O_NOFOLLOW opens a link itself, which must be noticed before anything else is done with it.
    Descriptor probe(::openat(current.number(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct ::stat status{};
    if (!probe.good() || ::fstat(probe.number(), &status) != 0) return fail(walk_error(errno, path));
    if (S_ISLNK(status.st_mode)) return fail(Errc::denied, "open", path.text() + ": symbolic link");
    if (!last && !S_ISDIR(status.st_mode)) return fail(walk_error(ENOTDIR, path));
    if (!last) {
      current = std::move(probe);
      continue;
    }
    Descriptor opened(::openat(current.number(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
    if (!opened.good()) return fail(fail_errno(errno, "open", path.text()).error());
    if (::fstat(opened.number(), &status) != 0) return fail(walk_error(errno, path));
    if (S_ISLNK(status.st_mode)) return fail(Errc::denied, "open", path.text() + ": symbolic link");
    return opened;
  }
  return fail(Errc::internal, "open", path.text());
}

Result<Descriptor> LocalRoot::open_parent(const Path& path) const {
  if (path.is_root()) return fail(Errc::denied, "open", "the root");
  if (is_hidden_name(path.name())) return fail(Errc::bad_name, "open", path.text());
  return open_path(path.parent(), O_PATH | O_DIRECTORY);
}

Result<struct ::stat> LocalRoot::status(const Path& path) const {
  auto fd = open_path(path, O_PATH);
  if (!fd) return fail(std::move(fd.error()));
  struct ::stat found{};
  if (::fstat(fd->number(), &found) != 0) return fail_errno(errno, "stat", path.text());
  return found;
}

/// The look-up may ask a server: it does not keep the lock.
template <class Id, class Look>
std::string LocalRoot::remembered(std::map<Id, std::string>& names, Id id, Look look) const {
  {
    std::lock_guard lock(names_mutex_);
    if (auto known = names.find(id); known != names.end()) return known->second;
  }
  std::string name = look();
  std::lock_guard lock(names_mutex_);
  if (names.size() >= max_cached_names) names.clear();
  return names[id] = std::move(name);
}

Entry LocalRoot::describe(std::string_view name, const struct ::stat& status) const {
  Entry entry = entry_of(name, status);
  entry.owner =
      remembered(users_, status.st_uid, [&] { return look_up(status.st_uid, &passwd::pw_name, ::getpwuid_r); });
  entry.group =
      remembered(groups_, status.st_gid, [&] { return look_up(status.st_gid, &group::gr_name, ::getgrgid_r); });
  return entry;
}

std::optional<Entry> LocalRoot::describe_at_hand(std::string_view name, const struct ::stat& status) const {
  std::lock_guard lock(names_mutex_);
  const auto user = users_.find(status.st_uid);
  const auto group = groups_.find(status.st_gid);
  if (user == users_.end() || group == groups_.end()) return std::nullopt;
  Entry entry = entry_of(name, status);
  entry.owner = user->second;
  entry.group = group->second;
  return entry;
}

Result<void> LocalRoot::sync_names(int directory, const Path& path) const {
  if (!durable()) return {};
  Descriptor readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A directory that may be written but not read cannot be synced; the file itself was.
  if (!readable.good() && errno == EACCES) return {};
  if (!readable.good() || ::fsync(readable.number()) != 0)
    return fail_errno(errno, "fsync of the directory", path.text());
  return {};
}

}  // namespace gantry::vfs
