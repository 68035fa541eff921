// The shared tree behind MemoryFileSystem. Synchronous; every public method takes the lock for a short time.
// Must not know: coroutines, uploads in progress.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "vfs/file_system.hpp"

namespace gantry::vfs {

/// The bytes of a file as a row of pieces. Values: copying shares the pieces, which never change.
class MemoryContent {
 public:
  [[nodiscard]] std::uint64_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  void append(std::vector<std::byte> bytes);
  void append_all(const MemoryContent& other);
  /// Cuts off what lies behind `size`.
  void truncate(std::uint64_t size);
  /// Copies from `offset` into `buffer`; the number of bytes, 0 at the end.
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableBytes buffer) const;

 private:
  std::vector<std::shared_ptr<const std::vector<std::byte>>> pieces_;
  std::vector<std::uint64_t> ends_;  // where each piece ends in the file; a piece may be cut shorter than it is
};

class MemoryTree {
 public:
  explicit MemoryTree(std::uint64_t capacity);

  struct File {
    MemoryContent content;
    std::uint64_t version = 0;  ///< of the content
  };

  [[nodiscard]] Result<Entry> stat(const Path& path) const;
  [[nodiscard]] Result<std::vector<Entry>> list(const Path& path) const;
  [[nodiscard]] Result<File> file(const Path& path) const;
  /// What open_upload must know: the present file (nothing when there is none) or why there can be none.
  [[nodiscard]] Result<std::optional<File>> upload_target(const Path& path) const;

  /// Puts `content` at `path`. `expected`: the version that must still be there (0: no file at all), or any.
  [[nodiscard]] Result<Entry> publish(const Path& path, MemoryContent content, std::optional<std::uint64_t> expected);
  [[nodiscard]] Result<void> rename(const Path& from, const Path& to, Existing existing);
  [[nodiscard]] Result<Combined> combine(const Path& target, const std::vector<Path>& sources,
                                         const CombineOptions& options);
  [[nodiscard]] Result<void> remove_file(const Path& path);
  [[nodiscard]] Result<void> remove_directory(const Path& path);
  [[nodiscard]] Result<void> make_directory(const Path& path);
  [[nodiscard]] Result<void> set_time(const Path& path, WallTime modified);
  [[nodiscard]] Result<void> set_mode(const Path& path, unsigned mode);
  [[nodiscard]] bool bounded() const { return capacity_ != ByteRange::unbounded; }
  [[nodiscard]] std::uint64_t free_bytes() const;

 private:
  struct Node {
    Kind kind = Kind::file;
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
    MemoryContent content;
    std::uint64_t version = 0;
    WallTime modified{};
    unsigned mode = 0;
  };

  [[nodiscard]] Node* find(const Path& path) const;
  [[nodiscard]] Node* parent_of(const Path& path) const;
  [[nodiscard]] std::unique_ptr<Node> make_node(Kind kind);
  [[nodiscard]] Result<Entry> publish_locked(const Path& path, MemoryContent content,
                                             std::optional<std::uint64_t> expected);
  [[nodiscard]] static Entry describe(const Node& node, std::string_view name);

  mutable std::mutex mutex_;
  std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint64_t last_version_ = 0;
  std::unique_ptr<Node> root_;
};

}  // namespace gantry::vfs
