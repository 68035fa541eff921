// A file on its way into a local directory: written beside its final name, published whole or not at all.
// Everything here blocks unless it says otherwise: call it on the blocking pool, one call at a time. Must not know
// coroutines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "vfs/file_system.hpp"
#include "vfs/local_root.hpp"

namespace gantry::vfs {

class LocalDraft {
 public:
  /// The errors are those of FileSystem::open_upload. A name without a file but with a held upload is continued by
  /// append and at_offset; while somebody else continues it: Errc::conflict.
  [[nodiscard]] static Result<std::unique_ptr<LocalDraft>> open(std::shared_ptr<LocalRoot> root, const Path& path,
                                                                const UploadOptions& options);

  /// The same on a lane: nothing unless it neither waits now nor will while it is written and published. Only for new
  /// files and for replacing small ones: memory of a large one takes its time to be given back.
  [[nodiscard]] static std::optional<Result<std::unique_ptr<LocalDraft>>> open_at_hand(
      const std::shared_ptr<LocalRoot>& root, const Path& path, const UploadOptions& options);
  /// Opened by open_at_hand(): write(), take_from_pipe() and publish() do not wait.
  [[nodiscard]] bool at_hand() const { return at_hand_; }

  /// Copies the next piece (at most 64 MiB) of what the present file contributes; the bytes still to copy.
  /// To be called until it says 0, before anything is written.
  [[nodiscard]] Result<std::uint64_t> keep_some();
  /// Whether there is something to copy.
  [[nodiscard]] bool keeps() const { return to_keep_ > 0; }
  /// The same for any open file: the first `bytes` of it become the next ones of the draft.
  void keep_from(Descriptor source, std::uint64_t bytes);

  [[nodiscard]] Result<void> write(ByteView bytes);
  /// The next `count` bytes, which the pipe with the reading end `pipe` holds: fewer are an error, and not waited for.
  [[nodiscard]] Result<void> take_from_pipe(int pipe, std::size_t count);
  [[nodiscard]] std::uint64_t position() const { return position_ + to_keep_; }

  [[nodiscard]] Result<Entry> publish();
  /// Keeps the bytes under a hidden name; 0 when there is a file of that name already, or nothing to keep.
  [[nodiscard]] Result<std::uint64_t> hold();
  void discard();

  /// Where a session collects bytes between two writes; here so that a write on the pool never outlives it.
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
    /// What was in it is gone; what is in it is not cleared, for a small file would fill only the beginning.
    void resize(std::size_t wanted) {
      bytes = std::make_unique_for_overwrite<std::byte[]>(wanted);
      size = wanted;
    }
    [[nodiscard]] MutableBytes all() const { return {bytes.get(), size}; }
  } buffer;

 private:
  LocalDraft(std::shared_ptr<LocalRoot> root, Path path, Descriptor parent);

  [[nodiscard]] Result<std::optional<struct ::stat>> present() const;
  [[nodiscard]] Result<void> begin(const UploadOptions& options, const std::optional<struct ::stat>& status);
  [[nodiscard]] Result<bool> continue_held(const UploadOptions& options);
  [[nodiscard]] Result<void> check_space(const UploadOptions& options) const;
  [[nodiscard]] Result<void> create();
  [[nodiscard]] Result<void> copy_from(int pipe, std::size_t count);
  /// Gives a nameless draft the hidden name `name`, or moves a named one there.
  [[nodiscard]] Result<void> rename_to_hidden(const std::string& name);
  [[nodiscard]] Result<void> publish_new(const std::string& name);
  [[nodiscard]] Result<void> publish_over(const std::string& name);
  [[nodiscard]] int link_as(const std::string& name) const;

  std::shared_ptr<LocalRoot> root_;
  Path path_;
  Descriptor parent_;
  Descriptor file_;
  std::string hidden_name_;  // empty: nameless (O_TMPFILE)
  bool continued_ = false;   // hidden_name_ is that of a held upload, locked by us
  bool at_hand_ = false;
  UploadMode mode_ = UploadMode::replace;
  bool name_must_be_free_ = false;       // on publishing
  bool expects_free_name_ = false;       // nothing stood there in the beginning
  std::optional<std::string> based_on_;  // Entry::unique of the file that append and at_offset continue
  Descriptor source_;
  std::uint64_t source_begin_ = 0;  // position of the source's first byte
  std::uint64_t to_keep_ = 0;
  std::uint64_t position_ = 0;
};

/// Locks the held upload of the last name of a path, whose parent directory is `parent`: nothing when there is none.
/// Errc::conflict while somebody else has it.
[[nodiscard]] Result<std::optional<Descriptor>> lock_held(int parent, std::string_view name);
/// Removes the held upload of `name`: true when there was one.
[[nodiscard]] Result<bool> drop_held(int parent, std::string_view name);
/// The same where nothing depends on it: one in use stays, for its own end settles it.
void forget_held(int parent, std::string_view name);
/// The held upload's status; nothing when there is none.
[[nodiscard]] std::optional<struct ::stat> held_status(int parent, std::string_view name);

}  // namespace gantry::vfs
