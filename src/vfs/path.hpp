// An absolute, normalised path of the virtual file system. Always valid: made only by resolve() and child().
// Names are bytes; they are never normalised or re-encoded.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gantry::vfs {

class Path {
 public:
  Path() = default;  ///< the root "/"

  /// `text` as typed by a client, relative to `cwd` unless it begins with '/'. "." and ".." are folded, ".." at the
  /// root stays there, repeated slashes count once. Errc::bad_name for control characters, invalid UTF-8 where
  /// a store needs it is the store's business; a name beyond 255 bytes or a path beyond 4096 bytes is bad_name too.
  [[nodiscard]] static Result<Path> resolve(const Path& cwd, std::string_view text);
  [[nodiscard]] static Result<Path> absolute(std::string_view text) { return resolve(Path{}, text); }

  /// "/" or "/a/b": never a trailing slash.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_root() const { return text_.size() == 1; }
  /// The last segment; empty for the root.
  [[nodiscard]] std::string_view name() const;
  /// The root is its own parent.
  [[nodiscard]] Path parent() const;
  /// `name` must be one valid segment (as listings give them).
  [[nodiscard]] Path child(std::string_view name) const;
  /// True when `this` is `ancestor` or lies below it.
  [[nodiscard]] bool within(const Path& ancestor) const;
  /// The rest of this path below `ancestor`, as an absolute path; precondition: within(ancestor).
  [[nodiscard]] Path relative_to(const Path& ancestor) const;
  /// `below` hung under this path: "/a" + "/b/c" is "/a/b/c".
  [[nodiscard]] Path join(const Path& below) const;
  [[nodiscard]] std::vector<std::string_view> segments() const;

  auto operator<=>(const Path&) const = default;

 private:
  explicit Path(std::string text) : text_(std::move(text)) {}
  std::string text_ = "/";
};

/// One segment that may exist: not empty, not "." or "..", no '/', no control characters, at most 255 bytes.
[[nodiscard]] bool valid_name(std::string_view name);

}  // namespace gantry::vfs
