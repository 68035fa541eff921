// How paths are spelled as keys of a bucket: "/a/b" is the object prefix+"a/b", a directory is whatever begins with
// prefix+"a/b/", and an empty directory is the zero-byte object of that name (its marker).
// Must not know: requests.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "vfs/path.hpp"

namespace gantry::vfs {

class ObjectKeys {
 public:
  /// `prefix`: where the root lies; a slash in front is dropped, one at the end is added. `max_key`: bytes.
  ObjectKeys(std::string_view prefix, std::size_t max_key);

  /// Errc::is_directory for the root; Errc::bad_name for invalid UTF-8 or a key that the store would not take, also
  /// as a directory.
  [[nodiscard]] Result<std::string> file(const Path& path) const;
  /// With its slash; the root is the prefix, which may be empty. Errc::bad_name as above.
  [[nodiscard]] Result<std::string> directory(const Path& path) const;
  /// True when `name`, found in a listing, can be a segment of a path here.
  [[nodiscard]] static bool presentable(std::string_view name);

 private:
  std::string prefix_;
  std::size_t max_key_;
};

}  // namespace gantry::vfs
