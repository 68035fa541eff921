// What FTP needs of storage. Every back end (memory, local, object, subtree, mount) implements this and passes the
// contract in tests/contract. Must not know: FTP verbs and replies, sockets, users.
//
// All methods: parameters by value, results as Result. Errors named at each method; besides them any may return
// denied, unavailable, timed_out, throttled, cancelled, internal. Single-threaded: an instance lives on one lane.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "digest/digest.hpp"
#include "vfs/path.hpp"

namespace gantry::vfs {

/// Nobody knows whether what failed happened all the same: its detail begins with "uncertain". Whatever the code, for a
/// cancel may have come in between. It must never be undone.
[[nodiscard]] bool is_uncertain(const Error& error);

enum class Kind : std::uint8_t { file, directory };

struct Entry {
  std::string name;  ///< last segment; empty for the root
  Kind kind = Kind::file;
  std::uint64_t size = 0;        ///< bytes; 0 for directories
  WallTime modified{};           ///< epoch: unknown
  std::string unique;            ///< changes when the content does (ETag, or device-inode-time)
  std::optional<unsigned> mode;  ///< Unix permission bits, local only
  std::string owner;             ///< empty: unknown
  std::string group;
  bool held = false;  ///< an interrupted upload: what is stored of it, not published
};

/// What a place in the tree can do beyond the minimum. Deviations in the contract test are declared here.
struct Capabilities {
  bool set_time = true;
  bool set_mode = false;      ///< SITE CHMOD
  bool random_write = false;  ///< at_offset at any offset; otherwise only append-like continuation
  bool append = true;
  bool space = false;  ///< free_space() knows
  bool atomic_rename = false;
  bool empty_directories = true;
  bool arbitrary_bytes = false;  ///< names need not be UTF-8
  bool held_on_record = false;   ///< what is held stands in the upload ledger, not in the tree
};

/// A directory being listed, page by page. Destroying it early is fine.
class Listing {
 public:
  virtual ~Listing() = default;
  /// The next entries, at most about 1000, in no promised order, without "." and "..". An empty page is the end.
  [[nodiscard]] virtual Task<Result<std::vector<Entry>>> next() = 0;
};

class Reader {
 public:
  virtual ~Reader() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;  ///< of the whole file
  /// Next bytes of the requested range, 0 at its end. Errc::conflict when the file changed meanwhile.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(MutableBytes buffer) = 0;
  /// A descriptor whose bytes [offset of the range, ...) may be sent with sendfile instead of read(). Borrowed.
  [[nodiscard]] virtual std::optional<int> descriptor() const { return std::nullopt; }
  /// The descriptor's file lives in memory: sending it never waits for a disk.
  [[nodiscard]] virtual bool in_memory() const { return false; }
};

enum class UploadMode : std::uint8_t {
  create_new,  ///< Errc::already_exists when there is something
  replace,     ///< the old file stays whole until commit
  append,      ///< continue at the end; creates when missing
  at_offset,   ///< keep the bytes before `offset`, then what comes; what was behind is cut off (documented)
};

/// What becomes of a finished file in the way of a new one.
enum class Existing : std::uint8_t {
  may_go,
  stays,  ///< Errc::already_exists, also when it appears while the operation runs (as far as the store can tell)
};

struct UploadOptions {
  UploadMode mode = UploadMode::replace;
  std::uint64_t offset = 0;  ///< at_offset only; beyond the present size: Errc::bad_offset
  std::optional<std::uint64_t> expected_size = std::nullopt;  ///< bytes still to come, when the client said so (ALLO)
  std::string owner = {};                                     ///< who uploads, for held uploads
  /// stays: a present file may only grow. append and at_offset at its end go on; cutting it is already_exists, and so
  /// is replace. An interrupted upload that nobody has published is not a finished file.
  Existing existing = Existing::may_go;
};

/// Nothing may stand under the name, neither at the beginning nor at the end.
[[nodiscard]] inline bool must_be_new(const UploadOptions& options) {
  return options.mode == UploadMode::create_new ||
         (options.mode == UploadMode::replace && options.existing == Existing::stays);
}

/// A file being written; invisible under its final name until commit().
/// Protocol: any number of prepare/advance pairs and take_from_pipe(), then exactly one of commit, hold, abort.
/// Destroying it without one of them publishes nothing and blocks nothing (leftovers are swept later).
class Upload {
 public:
  virtual ~Upload() = default;
  /// Room for the next bytes: 1..wanted. May wait for memory or for the store (back-pressure). The span is valid
  /// until advance().
  [[nodiscard]] virtual Task<Result<MutableBytes>> prepare(std::size_t wanted) = 0;
  /// The first `count` bytes of the prepared span now hold data.
  [[nodiscard]] virtual Task<Result<void>> advance(std::size_t count) = 0;
  /// Whether take_from_pipe() works, so that bytes need not go through this program's memory.
  [[nodiscard]] virtual bool takes_from_pipes() const { return false; }
  /// Instead of a prepare/advance pair: the next `count` bytes, which the pipe with the reading end `pipe` holds. After
  /// an error the pipe may hold some of them still.
  [[nodiscard]] virtual Task<Result<void>> take_from_pipe(int pipe, std::size_t count);
  /// Position in the file of the next byte.
  [[nodiscard]] virtual std::uint64_t position() const = 0;
  /// Publishes. Success means: stored, verified, visible. Not to be cancelled. On error nothing was published, unless
  /// it is_uncertain().
  [[nodiscard]] virtual Task<Result<Entry>> commit() = 0;
  /// Keeps what arrived for a later continuation without publishing it; the number of bytes kept. Back ends that
  /// cannot hold discard and return 0.
  [[nodiscard]] virtual Task<Result<std::uint64_t>> hold() = 0;
  /// Drops what arrived.
  [[nodiscard]] virtual Task<void> abort() = 0;
  /// The store's request id of the last step, for the transfer log; may be empty.
  [[nodiscard]] virtual std::string request_id() const { return {}; }
};

/// How far the rename of a directory is, where that takes long.
struct RenameProgress {
  std::uint64_t copied = 0;  ///< objects
  std::uint64_t of = 0;
};

struct CombineOptions {
  Existing existing = Existing::may_go;
  std::uint64_t most = ByteRange::unbounded;  ///< bytes that the new file may have, or Errc::too_large
  /// Told on the lane, while the call runs, how many bytes of the new file are there.
  std::function<void(std::uint64_t bytes)> progress = {};
};

/// What became of a combine() that made its file.
struct Combined {
  Entry entry;                       ///< the new file
  std::vector<std::uint64_t> sizes;  ///< of the sources, bytes
  std::vector<std::size_t> left;     ///< the sources, by position, that could not be removed and are still there
};

/// Checksums of a whole file.
struct KnownChecksums {
  std::uint64_t size = 0;  ///< of the file, bytes
  digest::Digests digests;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  [[nodiscard]] virtual Capabilities capabilities(Path path) const = 0;
  /// Errc::not_found.
  [[nodiscard]] virtual Task<Result<Entry>> stat(Path path) = 0;
  /// Whether `path` is a directory one can go to; cheaper than stat() where a name must be looked up twice.
  /// Errc::not_found, not_directory.
  [[nodiscard]] virtual Task<Result<void>> enter(Path path);
  /// Errc::not_found, not_directory.
  [[nodiscard]] virtual Task<Result<std::unique_ptr<Listing>>> list(Path path) = 0;
  /// Errc::not_found, is_directory, bad_offset when range.offset lies beyond the end (equal is an empty read).
  [[nodiscard]] virtual Task<Result<std::unique_ptr<Reader>>> open_reader(Path path, ByteRange range) = 0;
  /// Errc::not_found (no parent directory), is_directory, already_exists, bad_offset, bad_name, too_large, no_space,
  /// unsupported.
  [[nodiscard]] virtual Task<Result<std::unique_ptr<Upload>>> open_upload(Path path, UploadOptions options) = 0;
  /// Files and directories; an existing target file is replaced by a file when it may go, everything else is
  /// already_exists. A directory into itself is Errc::invalid. Errc::not_found for the source or the target's parent.
  [[nodiscard]] virtual Task<Result<void>> rename(Path from, Path to, Existing existing) = 0;
  [[nodiscard]] Task<Result<void>> rename(Path from, Path to) {
    return rename(std::move(from), std::move(to), Existing::may_go);
  }
  /// Whether something at `from` may get another name, before that is known. Errc::not_found, mount_point.
  [[nodiscard]] virtual Task<Result<void>> may_rename(Path from);
  /// rename() into another file system, which outlives the call. Errc::across_stores unless both are parts of one
  /// store.
  [[nodiscard]] virtual Task<Result<void>> move_to(FileSystem& target, Path from, Path to, Existing existing);
  /// Of the rename() that runs through this object right now and moves many objects; nothing otherwise.
  [[nodiscard]] virtual std::optional<RenameProgress> rename_progress() const { return std::nullopt; }
  /// A file's content to a new or replaced file, without going through the client.
  [[nodiscard]] virtual Task<Result<void>> copy(Path from, Path to) = 0;
  /// Joins the files `sources`, in this order, to the file `target`, then removes them; nothing passes through the
  /// client. The target appears, or replaces an older file, at once and only when every byte of every source is in it
  /// and proved. On error target and sources are as they were; after one that is_uncertain() nobody knows of the
  /// target, and the sources are there. Errc::invalid without sources, when one is named
  /// twice or is the target; not_found, is_directory (target or source), unfinished (an interrupted upload as a
  /// source), already_exists, across_stores, too_large, no_space, conflict when a source changes meanwhile.
  [[nodiscard]] virtual Task<Result<Combined>> combine(Path target, std::vector<Path> sources,
                                                       CombineOptions options) = 0;
  /// Errc::not_found, is_directory.
  [[nodiscard]] virtual Task<Result<void>> remove_file(Path path) = 0;
  /// Errc::not_found, not_directory, not_empty; the root is Errc::denied.
  [[nodiscard]] virtual Task<Result<void>> remove_directory(Path path) = 0;
  /// Errc::already_exists (file or directory), not_found when the parent is missing.
  [[nodiscard]] virtual Task<Result<void>> make_directory(Path path) = 0;
  /// Errc::not_found, unsupported.
  [[nodiscard]] virtual Task<Result<void>> set_time(Path path, WallTime modified) = 0;
  /// Unix permission bits, 0..0777. Errc::unsupported where there are none.
  [[nodiscard]] virtual Task<Result<void>> set_mode(Path path, unsigned mode) = 0;
  /// Bytes that may still be written below `path`. Errc::unsupported when unknown.
  [[nodiscard]] virtual Task<Result<std::uint64_t>> free_space(Path path) = 0;
  /// What is known of a file's bytes without reading them. Errc::not_found, is_directory.
  [[nodiscard]] virtual Task<Result<KnownChecksums>> known_checksums(Path path) = 0;
  /// One of them; nothing when it is not known.
  [[nodiscard]] Task<Result<std::optional<std::string>>> known_checksum(Path path, digest::Algorithm algorithm);
};

/// Whether these names can be combined at all: Errc::invalid, or is_directory when one is the root.
[[nodiscard]] Result<void> check_combined_names(const Path& target, const std::vector<Path>& sources);

}  // namespace gantry::vfs
