#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/descriptor.hpp"
#include "base/text.hpp"
#include "transfer/filter.hpp"
#include "transfer/local_file.hpp"
#include "transfer/tree.hpp"

namespace gantry::transfer {
namespace {

constexpr int not_found = 550;
constexpr std::size_t max_ignore_file = mib;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

ftp::Entry entry_of(std::string name, const struct stat& about) {
  ftp::Entry entry{.name = std::move(name)};
  entry.kind = S_ISREG(about.st_mode)   ? ftp::Kind::file
               : S_ISDIR(about.st_mode) ? ftp::Kind::directory
               : S_ISLNK(about.st_mode) ? ftp::Kind::link
                                        : ftp::Kind::other;
  if (entry.kind == ftp::Kind::file) entry.size = static_cast<std::uint64_t>(about.st_size);
  entry.modified = WallTime(std::chrono::duration_cast<Milliseconds>(Seconds(about.st_mtim.tv_sec) +
                                                                     std::chrono::nanoseconds(about.st_mtim.tv_nsec)));
  entry.exact_time = true;
  return entry;
}

class LocalTree final : public Tree {
 public:
  LocalTree(std::string top, Links links) : top_(std::move(top)), links_(links) {}

  Outcome<Listing> list(const std::string& path) override;
  Outcome<ftp::Entry> look(const std::string& path) override;
  Outcome<std::string> ignore_rules(const std::string& path) override;
  Outcome<void> make_directory(const std::string& path) override;
  Outcome<void> remove_file(const std::string& path) override { return unlink(path, 0); }
  Outcome<void> remove_directory(const std::string& path) override { return unlink(path, AT_REMOVEDIR); }
  Outcome<void> set_time(const std::string& path, WallTime time) override;

 private:
  [[nodiscard]] std::string full(const std::string& path) const { return path.empty() ? top_ : top_ + "/" + path; }
  [[nodiscard]] std::unexpected<Failure> broken(const std::string& path) const;
  /// The directory itself, reached name by name so that no link put in its way leads elsewhere.
  [[nodiscard]] Descriptor open_directory(const std::string& path) const;
  /// The directory above `path` and the last name.
  [[nodiscard]] std::pair<Descriptor, std::string> open_parent(const std::string& path) const;
  [[nodiscard]] Outcome<void> unlink(const std::string& path, int flags);
  [[nodiscard]] bool leads_back(const std::string& path, const struct stat& about) const;
  [[nodiscard]] ftp::Entry followed(int directory, const std::string& path, ftp::Entry entry) const;

  std::string top_;
  Links links_;
};

std::unexpected<Failure> LocalTree::broken(const std::string& path) const {
  const int number = errno;
  return ftp::failed({.why = Why::local,
                      .text = fmt::format("{}: {}", escape_control(full(path)), std::strerror(number)),
                      .reply = number == ENOENT ? not_found : 0});
}

Descriptor LocalTree::open_directory(const std::string& path) const {
  const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Descriptor at(::open(top_.c_str(), flags));
  if (path.empty()) return at;
  for (const std::string_view name : split(path, '/')) {
    if (!at.good()) return at;
    at = Descriptor(
        ::openat(at.number(), std::string(name).c_str(), flags | (links_ == Links::follow ? 0 : O_NOFOLLOW)));
  }
  return at;
}

std::pair<Descriptor, std::string> LocalTree::open_parent(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  return {open_directory(slash == std::string::npos ? "" : path.substr(0, slash)),
          slash == std::string::npos ? path : path.substr(slash + 1)};
}

bool LocalTree::leads_back(const std::string& path, const struct stat& about) const {
  for (std::string above = path;;) {
    const Descriptor directory = open_directory(above);
    struct stat other{};
    if (directory.good() && ::fstat(directory.number(), &other) == 0 && other.st_dev == about.st_dev &&
        other.st_ino == about.st_ino)
      return true;
    if (above.empty()) return false;
    const std::size_t slash = above.rfind('/');
    above.resize(slash == std::string::npos ? 0 : slash);
  }
}

/// What the link leads to under the link's name; the link itself when that is nothing or a directory above.
ftp::Entry LocalTree::followed(int directory, const std::string& path, ftp::Entry entry) const {
  struct stat about{};
  if (::fstatat(directory, entry.name.c_str(), &about, 0) != 0) return entry;
  if (S_ISDIR(about.st_mode) && leads_back(path, about)) return entry;
  return entry_of(std::move(entry.name), about);
}

Outcome<Listing> LocalTree::list(const std::string& path) {
  Descriptor directory = open_directory(path);
  if (!directory.good()) return broken(path);
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(directory.number()));
  if (stream == nullptr) return broken(path);
  const int number = directory.release();
  Listing listing;
  for (;;) {
    errno = 0;
    const dirent* found = ::readdir(stream.get());
    if (found == nullptr && errno != 0) return broken(path);
    if (found == nullptr) break;
    const std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    if (!ftp::is_safe_name(name)) {
      ++listing.unsafe;
      continue;
    }
    struct stat about{};
    if (::fstatat(number, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // gone since it was listed
      return broken(below(path, name));
    }
    ftp::Entry entry = entry_of(name, about);
    if (entry.kind == ftp::Kind::link && links_ == Links::follow) entry = followed(number, path, std::move(entry));
    listing.entries.push_back(std::move(entry));
  }
  std::ranges::sort(listing.entries, {}, &ftp::Entry::name);
  return listing;
}

Outcome<ftp::Entry> LocalTree::look(const std::string& path) {
  struct stat about{};
  if (path.empty()) {
    if (::stat(top_.c_str(), &about) != 0) return broken(path);
    return entry_of("", about);
  }
  const auto [parent, name] = open_parent(path);
  if (!parent.good()) return broken(path);
  const int flags = links_ == Links::follow ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(parent.number(), name.c_str(), &about, flags) != 0) return broken(path);
  return entry_of(name, about);
}

Outcome<std::string> LocalTree::ignore_rules(const std::string& path) {
  auto file = LocalFile::open(full(below(path, std::string(ignore_file))));
  if (!file) return ftp::failed(file.error());
  if (file->size() > max_ignore_file)
    return ftp::failed(Why::local, fmt::format("{}: larger than {}", full(below(path, std::string(ignore_file))),
                                               format_bytes(max_ignore_file)));
  std::string text(file->size(), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    auto got = file->read(std::as_writable_bytes(std::span(text)).subspan(have));
    if (!got) return ftp::failed(got.error());
    if (*got == 0) break;
    have += *got;
  }
  text.resize(have);
  return text;
}

Outcome<void> LocalTree::make_directory(const std::string& path) {
  if (path.empty()) {
    if (::mkdir(top_.c_str(), 0777) != 0) return broken(path);
    return {};
  }
  const auto [parent, name] = open_parent(path);
  if (!parent.good() || ::mkdirat(parent.number(), name.c_str(), 0777) != 0) return broken(path);
  return {};
}

Outcome<void> LocalTree::unlink(const std::string& path, int flags) {
  const auto [parent, name] = open_parent(path);
  if (!parent.good() || ::unlinkat(parent.number(), name.c_str(), flags) != 0) return broken(path);
  return {};
}

Outcome<void> LocalTree::set_time(const std::string& path, WallTime time) {
  const Descriptor directory = open_directory(path);
  if (!directory.good()) return broken(path);
  const std::array<timespec, 2> both{timespec_of(time), timespec_of(time)};
  if (::futimens(directory.number(), both.data()) != 0) return broken(path);
  return {};
}

}  // namespace

std::string below(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

std::unique_ptr<Tree> local_tree(std::string top, Links links) {
  return std::make_unique<LocalTree>(std::move(top), links);
}

}  // namespace gantry::transfer
