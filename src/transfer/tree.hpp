// A tree of directories and files to compare and change, here or on a server. Paths are below its top, without a slash
// at either end; "" is the top. Every name in them has passed ftp::is_safe_name(), so none leads out of it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "ftp/connection.hpp"

namespace gantry::transfer {

using ftp::Failure;
using ftp::Outcome;
using ftp::Why;

/// One directory.
struct Listing {
  std::vector<ftp::Entry> entries;  ///< in the order of their names' bytes, no name twice
  std::size_t unsafe = 0;           ///< names left out: control characters, slashes, or told twice
};

enum class Links : std::uint8_t { skip, follow };

class Tree {
 public:
  virtual ~Tree() = default;

  /// The whole directory or a failure, never a part of it.
  [[nodiscard]] virtual Outcome<Listing> list(const std::string& path) = 0;
  /// What is there; Why::refused or Why::local with `reply` 550 when nothing is.
  [[nodiscard]] virtual Outcome<ftp::Entry> look(const std::string& path) = 0;
  /// The text of the ignore file in a directory that lists one; empty where such files do not count.
  [[nodiscard]] virtual Outcome<std::string> ignore_rules(const std::string& path) = 0;

  [[nodiscard]] virtual Outcome<void> make_directory(const std::string& path) = 0;
  [[nodiscard]] virtual Outcome<void> remove_file(const std::string& path) = 0;
  /// An empty one.
  [[nodiscard]] virtual Outcome<void> remove_directory(const std::string& path) = 0;
  [[nodiscard]] virtual Outcome<void> set_time(const std::string& path, WallTime time) = 0;
};

/// Of this machine. Below the top no link is followed on the way to a name; with Links::follow those that a listing
/// shows count as what they lead to, except back into a directory above.
[[nodiscard]] std::unique_ptr<Tree> local_tree(std::string top, Links links);

/// Of a server; `connection` must outlive it and is used by the calling thread only.
[[nodiscard]] std::unique_ptr<Tree> remote_tree(ftp::Connection& connection, std::string top, Links links);

/// `name` in the directory `path`.
[[nodiscard]] std::string below(const std::string& path, const std::string& name);

}  // namespace gantry::transfer
