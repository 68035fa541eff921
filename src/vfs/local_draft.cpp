#include "vfs/local_draft.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "base/log.hpp"
#include "vfs/local_errno.hpp"

namespace gantry::vfs {

namespace {

constexpr std::uint64_t keep_step_bytes = 64 * mib;  // one call on the pool, well below a second on a slow disk
constexpr ::off_t at_hand_bytes = 1 * mib;
constexpr ::mode_t new_file_mode = 0666;  // less the umask

/// copy_file_range where the file system can (shared blocks on some), otherwise through a buffer.
/// The number of bytes copied, 0 at the end of the source, -1 with errno.
::ssize_t copy_piece(int from, std::uint64_t from_offset, int to, std::uint64_t to_offset, std::size_t length) {
  auto source_offset = static_cast<::off64_t>(from_offset);
  auto target_offset = static_cast<::off64_t>(to_offset);
  const ::ssize_t copied = ::copy_file_range(from, &source_offset, to, &target_offset, length, 0);
  if (copied >= 0) return copied;
  if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS) return -1;
  std::vector<std::byte> block(std::min<std::size_t>(length, 256 * kib));
  const ::ssize_t count = ::pread(from, block.data(), block.size(), static_cast<::off_t>(from_offset));
  if (count <= 0) return count;
  return ::pwrite(to, block.data(), static_cast<std::size_t>(count), static_cast<::off_t>(to_offset));
}

bool same_file(const struct ::stat& a, const struct ::stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

}  // namespace

Result<std::optional<Descriptor>> lock_held(int parent, std::string_view name) {
  const auto hidden = held_name(name);
  if (!hidden) return std::nullopt;
  Descriptor file(::openat(parent, hidden->c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!file.good()) {
    if (errno == ENOENT) return std::nullopt;
    return fail_errno(errno, "open the held upload", *hidden);
  }
  if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) return fail(Errc::conflict, "open the held upload", *hidden);
  // Whoever had the lock before may have published or removed it: then the name is no longer that of this file.
  struct ::stat opened{};
  struct ::stat named{};
  if (::fstat(file.number(), &opened) != 0) return fail_errno(errno, "open the held upload", *hidden);
  if (::fstatat(parent, hidden->c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!same_file(opened, named) || !S_ISREG(opened.st_mode)) return std::nullopt;
  return file;
}

Result<bool> drop_held(int parent, std::string_view name) {
  auto held = lock_held(parent, name);
  if (!held) return fail(std::move(held.error()));
  if (!*held) return false;
  if (::unlinkat(parent, held_name(name)->c_str(), 0) != 0) {
    return fail_errno(errno, "remove the held upload", std::string(name));
  }
  return true;
}

void forget_held(int parent, std::string_view name) {
  auto dropped = drop_held(parent, name);
  if (!dropped) log::debug("held upload stays", {{"name", name}, {"reason", dropped.error().text()}});
}

std::optional<struct ::stat> held_status(int parent, std::string_view name) {
  const auto hidden = held_name(name);
  struct ::stat status{};
  if (!hidden || ::fstatat(parent, hidden->c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return status;
}

LocalDraft::LocalDraft(std::shared_ptr<LocalRoot> root, Path path, Descriptor parent)
    : root_(std::move(root)), path_(std::move(path)), parent_(std::move(parent)) {}

Result<std::unique_ptr<LocalDraft>> LocalDraft::open(std::shared_ptr<LocalRoot> root, const Path& path,
                                                     const UploadOptions& options) {
  if (path.is_root()) {
    return fail(must_be_new(options) ? Errc::already_exists : Errc::is_directory, "upload", "the root");
  }
  auto parent = root->open_parent(path);
  if (!parent) return fail(std::move(parent.error()));
  std::unique_ptr<LocalDraft> draft(new LocalDraft(std::move(root), path, std::move(*parent)));
  auto found = draft->present();
  if (!found) return fail(std::move(found.error()));
  if (auto begun = draft->begin(options, *found); !begun) return fail(std::move(begun.error()));
  return draft;
}

std::optional<Result<std::unique_ptr<LocalDraft>>> LocalDraft::open_at_hand(const std::shared_ptr<LocalRoot>& root,
                                                                            const Path& path,
                                                                            const UploadOptions& options) {
  const bool continues = options.mode == UploadMode::append || options.mode == UploadMode::at_offset;
  if (!root->changes_at_hand() || path.is_root() || is_hidden_name(path.name()) || continues) return std::nullopt;
  auto parent = root->open_at_hand(path.parent(), O_PATH | O_DIRECTORY);
  if (!parent || held_status(parent->number(), path.name())) return std::nullopt;
  auto named = LocalRoot::open_name(*parent, path);
  if (!named) return std::nullopt;
  std::optional<struct ::stat> status;
  if (*named && ::fstat((*named)->number(), &status.emplace()) != 0) return std::nullopt;
  if (status && (!S_ISREG(status->st_mode) || status->st_size > at_hand_bytes)) return std::nullopt;
  std::unique_ptr<LocalDraft> draft(new LocalDraft(root, path, std::move(*parent)));
  if (auto begun = draft->begin(options, status); !begun) return fail(std::move(begun.error()));
  // Whose names it will show is found out on the pool once.
  struct ::stat created{};
  draft->at_hand_ = ::fstat(draft->file_.number(), &created) == 0 && root->describe_at_hand({}, created).has_value();
  return draft;
}

/// The file under the final name, links followed. A link to nowhere counts as nothing: it will be replaced.
Result<std::optional<struct ::stat>> LocalDraft::present() const {
  struct ::stat status{};
  const std::string name(path_.name());
  if (::fstatat(parent_.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail_errno(errno, "upload", path_.text());
  }
  if (!S_ISLNK(status.st_mode)) return status;
  auto followed = root_->status(path_);
  if (followed) return *followed;
  if (followed.error().code == Errc::not_found) return std::nullopt;
  return fail(std::move(followed.error()));
}

/// `status`: of what is present().
Result<void> LocalDraft::begin(const UploadOptions& options, const std::optional<struct ::stat>& status) {
  mode_ = options.mode;
  if (status && must_be_new(options)) return fail(Errc::already_exists, "upload", path_.text());
  const bool stays = options.existing == Existing::stays;
  name_must_be_free_ = must_be_new(options) || (stays && !status);
  if (status && S_ISDIR(status->st_mode)) return fail(Errc::is_directory, "upload", path_.text());
  if (status && !S_ISREG(status->st_mode)) return fail(Errc::denied, "upload", path_.text() + ": not a plain file");
  if (auto space = check_space(options); !space) return space;

  const bool continues = mode_ == UploadMode::append || mode_ == UploadMode::at_offset;
  if (!status && continues) {
    auto continued = continue_held(options);
    if (!continued) return fail(std::move(continued.error()));
    if (*continued) return {};
  }
  const std::uint64_t size = status ? static_cast<std::uint64_t>(status->st_size) : 0;
  const std::uint64_t offset = mode_ == UploadMode::append ? size : options.offset;
  if (continues && offset > size) return fail(Errc::bad_offset, "upload", path_.text());
  if (status && stays && offset < size) return fail(Errc::already_exists, "upload", path_.text() + ": would be cut");
  if (auto created = create(); !created) return created;
  expects_free_name_ = !status;
  if (!status) return {};
  // Who may read or run a file is not the uploader's business: a replacement keeps the mode.
  if (::fchmod(file_.number(), status->st_mode & 0777U) != 0) return fail_errno(errno, "upload", path_.text());
  if (!continues) return {};
  based_on_ = root_->describe({}, *status).unique;
  auto source = root_->open_path(path_, O_RDONLY | O_NONBLOCK);
  if (!source) return fail(std::move(source.error()));
  keep_from(std::move(*source), offset);
  return {};
}

Result<bool> LocalDraft::continue_held(const UploadOptions& options) {
  auto held = lock_held(parent_.number(), path_.name());
  if (!held) return fail(std::move(held.error()));
  if (!*held) return false;
  struct ::stat status{};
  if (::fstat((*held)->number(), &status) != 0) return fail_errno(errno, "upload", path_.text());
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t offset = mode_ == UploadMode::append ? size : options.offset;
  if (offset > size) return fail(Errc::bad_offset, "upload", path_.text());
  if (::ftruncate((*held)->number(), static_cast<::off_t>(offset)) != 0) {
    return fail_errno(errno, "upload", path_.text());
  }
  file_ = std::move(**held);
  hidden_name_ = *held_name(path_.name());
  continued_ = true;
  position_ = offset;
  return true;
}

Result<void> LocalDraft::check_space(const UploadOptions& options) const {
  if (!options.expected_size) return {};
  struct ::statvfs space{};
  if (::fstatvfs(parent_.number(), &space) != 0) return {};  // the write itself will tell
  const auto free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  if (*options.expected_size > free) return fail(Errc::no_space, "upload", path_.text());
  return {};
}

Result<void> LocalDraft::create() {
  if (!root_->named_drafts()) {
    file_ = Descriptor(::openat(parent_.number(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, new_file_mode));
    if (file_.good()) return {};
    // These are what file systems without O_TMPFILE answer.
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return fail_errno(errno, "upload", path_.text());
  }
  hidden_name_ = temporary_name();
  file_ = Descriptor(::openat(parent_.number(), hidden_name_.c_str(),
                              O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, new_file_mode));
  if (!file_.good()) return fail_errno(errno, "upload", path_.text());
  return {};
}

void LocalDraft::keep_from(Descriptor source, std::uint64_t bytes) {
  if (bytes == 0) return;
  source_ = std::move(source);
  source_begin_ = position_;
  to_keep_ = bytes;
}

Result<std::uint64_t> LocalDraft::keep_some() {
  const std::uint64_t stop = position_ + std::min(to_keep_, keep_step_bytes);
  while (position_ < stop) {
    const ::ssize_t copied = copy_piece(source_.number(), position_ - source_begin_, file_.number(), position_,
                                        static_cast<std::size_t>(stop - position_));
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return fail_errno(errno, "copy", path_.text());
    if (copied == 0) return fail(Errc::conflict, "copy", path_.text() + ": became shorter");
    position_ += static_cast<std::uint64_t>(copied);
    to_keep_ -= static_cast<std::uint64_t>(copied);
  }
  if (to_keep_ == 0) source_ = {};
  return to_keep_;
}

Result<void> LocalDraft::write(ByteView bytes) {
  while (!bytes.empty()) {
    const ::ssize_t count = ::pwrite(file_.number(), bytes.data(), bytes.size(), static_cast<::off_t>(position_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno(errno, "write", path_.text());
    position_ += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> LocalDraft::take_from_pipe(int pipe, std::size_t count) {
  while (count > 0) {
    auto offset = static_cast<::off64_t>(position_);
    const ::ssize_t moved = ::splice(pipe, nullptr, file_.number(), &offset, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0 && errno == EINVAL) return copy_from(pipe, count);
    if (moved <= 0) return fail_errno(moved < 0 ? errno : EIO, "write", path_.text());
    position_ += static_cast<std::uint64_t>(moved);
    count -= static_cast<std::size_t>(moved);
  }
  return {};
}

/// For file systems that cannot splice.
Result<void> LocalDraft::copy_from(int pipe, std::size_t count) {
  std::vector<std::byte> block(std::min<std::size_t>(count, 64 * kib));
  while (count > 0) {
    const ::ssize_t got = ::read(pipe, block.data(), std::min(count, block.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return fail_errno(got < 0 ? errno : EIO, "write", path_.text());
    const auto bytes = ByteView(block).first(static_cast<std::size_t>(got));
    if (auto written = write(bytes); !written) return written;
    count -= bytes.size();
  }
  return {};
}

int LocalDraft::link_as(const std::string& name) const {
  const std::string self = fmt::format("/proc/self/fd/{}", file_.number());
  return ::linkat(AT_FDCWD, self.c_str(), parent_.number(), name.c_str(), AT_SYMLINK_FOLLOW);
}

Result<void> LocalDraft::rename_to_hidden(const std::string& name) {
  const int problem = hidden_name_.empty()
                          ? link_as(name)
                          : ::renameat(parent_.number(), hidden_name_.c_str(), parent_.number(), name.c_str());
  if (problem != 0) return fail_errno(errno, "upload", path_.text());
  hidden_name_ = name;
  return {};
}

Result<void> LocalDraft::publish_new(const std::string& name) {
  if (hidden_name_.empty()) {
    if (link_as(name) != 0) return fail_errno(errno, "commit", path_.text());
    return {};
  }
  const int parent = parent_.number();
  if (::renameat2(parent, hidden_name_.c_str(), parent, name.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return fail_errno(errno, "commit", path_.text());
  // A file system without that flag: a hard link does not replace either.
  if (::linkat(parent, hidden_name_.c_str(), parent, name.c_str(), 0) != 0) {
    return fail_errno(errno, "commit", path_.text());
  }
  ::unlinkat(parent, hidden_name_.c_str(), 0);
  return {};
}

Result<void> LocalDraft::publish_over(const std::string& name) {
  if (based_on_) {
    auto now = present();
    if (!now) return fail(std::move(now.error()));
    if (!*now || root_->describe({}, **now).unique != *based_on_) {
      return fail(Errc::conflict, "commit", path_.text() + ": the file it continues has changed");
    }
  }
  if (hidden_name_.empty()) {
    if (expects_free_name_ && link_as(name) == 0) return {};
    if (auto named = rename_to_hidden(temporary_name()); !named) return named;
  }
  if (::renameat(parent_.number(), hidden_name_.c_str(), parent_.number(), name.c_str()) != 0) {
    auto problem = fail_errno(errno, "commit", path_.text());
    if (!continued_) ::unlinkat(parent_.number(), hidden_name_.c_str(), 0);
    return problem;
  }
  return {};
}

Result<Entry> LocalDraft::publish() {
  if (root_->durable() && ::fsync(file_.number()) != 0) {
    auto problem = fail_errno(errno, "fsync", path_.text());
    discard();  // nobody knows which bytes the disk has: there is nothing to continue
    return problem;
  }
  struct ::stat status{};
  if (::fstat(file_.number(), &status) != 0) return fail_errno(errno, "commit", path_.text());
  if (static_cast<std::uint64_t>(status.st_size) != position_) {
    return fail(Errc::corrupt, "commit", path_.text() + ": size on disk differs");
  }
  const std::string name(path_.name());
  auto published = name_must_be_free_ ? publish_new(name) : publish_over(name);
  if (!published) return fail(std::move(published.error()));
  hidden_name_.clear();
  if (!continued_) {
    // An older interrupted upload of this name is void now; if it is in use, its own end settles it.
    forget_held(parent_.number(), name);
  }
  if (auto synced = root_->sync_names(parent_.number(), path_); !synced) {
    return fail(Errc::unavailable, "commit", "uncertain: " + synced.error().detail);
  }
  Entry entry = root_->describe(name, status);
  file_ = {};
  return entry;
}

Result<std::uint64_t> LocalDraft::hold() {
  const auto hidden = held_name(path_.name());
  struct ::stat status{};
  const bool final_exists =
      ::fstatat(parent_.number(), std::string(path_.name()).c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  const bool worth = !final_exists && hidden && position_ > 0 && to_keep_ == 0 && mode_ != UploadMode::create_new;
  if (!worth) {
    discard();
    return 0;
  }
  if (root_->durable() && ::fsync(file_.number()) != 0) return fail_errno(errno, "fsync", path_.text());
  if (!continued_) {
    // Whoever holds the lock owns the hidden name: it must not be taken from a continuation on its way.
    if (auto dropped = drop_held(parent_.number(), path_.name()); !dropped) {
      discard();
      return 0;
    }
    if (auto renamed = rename_to_hidden(*hidden); !renamed) return fail(std::move(renamed.error()));
  }
  file_ = {};
  hidden_name_.clear();
  if (auto synced = root_->sync_names(parent_.number(), path_); !synced) return fail(std::move(synced.error()));
  return position_;
}

void LocalDraft::discard() {
  if (!hidden_name_.empty()) ::unlinkat(parent_.number(), hidden_name_.c_str(), 0);
  hidden_name_.clear();
  file_ = {};
}

}  // namespace gantry::vfs
