#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "vfs/local_root.hpp"

namespace gantry::vfs {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

WallTime changed(const struct ::stat& status) { return WallTime{Seconds(status.st_mtim.tv_sec)}; }

/// True when nobody works on the file any more: whoever continues a held upload has it locked.
bool abandoned(int directory, const char* name) {
  Descriptor file(::openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file.good() && ::flock(file.number(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

std::size_t LocalRoot::sweep(WallTime before) const {
  std::size_t removed = 0;
  std::vector<Path> waiting{Path{}};
  while (!waiting.empty()) {
    const Path path = std::move(waiting.back());
    waiting.pop_back();
    auto opened = open_path(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened) continue;
    std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(opened->number()));
    if (!directory) continue;
    const int here = opened->release();
    while (const dirent* found = ::readdir(directory.get())) {
      const std::string_view name = found->d_name;
      struct ::stat status{};
      if (name == "." || name == ".." || ::fstatat(here, found->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (S_ISDIR(status.st_mode)) {
        if (valid_name(name) && path.text().size() + name.size() < 4096) waiting.push_back(path.child(name));
      } else if (is_hidden_name(name) && S_ISREG(status.st_mode) && changed(status) < before &&
                 abandoned(here, found->d_name) && ::unlinkat(here, found->d_name, 0) == 0) {
        ++removed;
      }
    }
  }
  return removed;
}

}  // namespace gantry::vfs
