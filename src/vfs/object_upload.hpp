// A file on its way into a bucket: one PUT while it fits below one part, a multipart upload beyond, server-side copies
// for what is kept of the old object. Nothing is visible under the name before commit() has verified it.
// Must not know: how it is decided what a new upload continues (open_object_upload.hpp), listings, FTP.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "vfs/background.hpp"
#include "vfs/fill_pace.hpp"
#include "vfs/object_digests.hpp"
#include "vfs/object_lookup.hpp"
#include "vfs/overdraft.hpp"
#include "vfs/part_buffer.hpp"
#include "vfs/part_uploader.hpp"

namespace gantry::vfs {

/// What is kept of the object that is being continued.
struct Kept {
  std::uint64_t size = 0;
  object::ObjectInfo source;
};

/// Made by open_object_upload() and told there, before anything is written, what it continues.
class ObjectUpload : public Upload {
 public:
  ObjectUpload(asio::any_io_executor executor, ObjectContextPtr context, Path path, UploadOptions options);

  /// Looks at the target beside the data.
  void check_meanwhile() { check_ = Background<void>(executor_, "check target", check_target(context_, path_)); }
  /// The file begins with so much of the object that is there.
  [[nodiscard]] Task<Result<void>> keep_front(Kept kept);
  /// Called while it runs with the bytes that the store has acknowledged.
  void tell(std::function<void(std::uint64_t bytes)> progress) { progress_ = std::move(progress); }
  enum class Follows : std::uint8_t { more, nothing };
  /// The file goes on with all of `source` (as HEAD described it), which the store copies; only pieces below its
  /// smallest part pass through here. Errc::too_large; conflict when the source changed.
  [[nodiscard]] Task<Result<void>> take(object::ObjectInfo source, Follows follows);
  /// After the last byte and before commit(): waits for the parts and compares what the store says of them with what
  /// is known of the sources: the CRC-64, otherwise their sizes and ETags. Errc::corrupt. May be cancelled.
  [[nodiscard]] Task<Result<void>> prove();
  /// The file goes on where an interrupted upload broke off; the client sends from `offset` on.
  void resume(HeldUpload taken, std::uint64_t offset);
  /// The name must still be free when the file is published.
  void must_be_new() { put_options_.create_only = true; }
  /// The object with this ETag must still be there, or what somebody else has put there meanwhile would be lost.
  void must_grow(std::string etag) { grows_ = std::move(etag); }

  [[nodiscard]] Task<Result<MutableBytes>> prepare(std::size_t wanted) override;
  [[nodiscard]] Task<Result<void>> advance(std::size_t count) override;
  [[nodiscard]] std::uint64_t position() const override { return position_; }
  [[nodiscard]] Task<Result<Entry>> commit() override { return uninterrupted("commit upload", commit_now()); }
  [[nodiscard]] Task<Result<std::uint64_t>> hold() override { return uninterrupted("hold upload", hold_now()); }
  [[nodiscard]] Task<void> abort() override { return uninterrupted("abort upload", abort_now()); }
  [[nodiscard]] std::string request_id() const override { return request_id_; }
  ~ObjectUpload() override {
    if (uploader_) uploader_->abandon();
  }

 private:
  [[nodiscard]] Result<void> healthy() const;
  [[nodiscard]] std::uint64_t part_target() const;
  [[nodiscard]] Task<Result<void>> ensure_uploader();
  [[nodiscard]] Task<Result<void>> hand_over();
  [[nodiscard]] Task<Result<std::uint64_t>> read_in(object::ObjectInfo source, std::uint64_t bytes);
  [[nodiscard]] Task<Result<std::uint64_t>> read_over(object::ObjectInfo source, std::uint64_t bytes);
  [[nodiscard]] std::uint64_t too_small_to_copy(std::uint64_t size, Follows follows) const;
  [[nodiscard]] Task<Result<void>> copy_range(object::ObjectInfo source, ByteRange whole);
  /// The first `count` bytes of the part's room hold data of the file.
  void take_in(std::size_t count);
  [[nodiscard]] async::Return back() const;
  void came(std::size_t count);
  [[nodiscard]] std::uint64_t enough_to_send() const;
  [[nodiscard]] Task<Result<async::Lease>> lease_of(std::uint64_t bytes);
  [[nodiscard]] Task<Result<void>> make_room();
  [[nodiscard]] Task<Result<void>> more_memory();
  [[nodiscard]] MutableBytes offer(MutableBytes room, std::uint64_t wanted);
  [[nodiscard]] bool begin_next_part();
  void give_back();
  [[nodiscard]] Task<Result<Entry>> commit_now();
  [[nodiscard]] Task<Result<void>> check_existing(bool joined);
  [[nodiscard]] Task<Result<object::PutResult>> put_whole();
  [[nodiscard]] Task<Result<void>> verify_put(object::PutResult put, object::Integrity proof);
  [[nodiscard]] Task<Result<object::PutResult>> finish_parts();
  [[nodiscard]] Task<void> note_digests(object::PutResult put);
  [[nodiscard]] Task<Result<std::uint64_t>> hold_now();
  [[nodiscard]] Task<void> abort_now();
  [[nodiscard]] bool unchanged() const { return kept_.size > 0 && kept_.size == kept_.source.size && !changed_; }
  [[nodiscard]] PartBuffer fresh_part() const;

  static constexpr std::size_t first_chunk_bytes = async::small_block;  // most files are small
  static constexpr std::size_t least_bytes = 16 * kib;  // beyond the budget, so that everybody can begin

  asio::any_io_executor executor_;
  ObjectContextPtr context_;
  Path path_;
  std::string key_;
  object::PutOptions put_options_;
  std::uint64_t first_size_;
  std::uint64_t to_come_ = 0;  // of what the client announced, behind the parts handed over
  std::uint64_t max_size_;
  std::uint64_t position_ = 0;
  std::uint64_t discard_ = 0;   // bytes still to come that are stored already
  bool changed_ = false;        // data came, or the old object is cut
  bool parts_pending_ = false;  // kept_ is still to be copied in front
  bool borrowed_ = false;       // holds bytes of other objects
  Kept kept_;
  std::optional<std::string> grows_;
  PartBuffer part_;
  async::Lease ahead_;  // for what part_ lacks to be large enough to be sent
  FillPace pace_;
  bool said_soon_ = false;                          // some of the memory held is to be given back soon
  std::optional<SteadyClock::time_point> offered_;  // the client's bytes are waited for since then
  UploadDigests running_;
  object::ObjectInfo stored_;       // what is said of the object when it has been stored
  digest::Digests digests_;         // of the whole file, once all of it is there
  std::optional<PartBuffer> next_;  // begun while part_ is full and nobody knows yet whether more comes
  std::shared_ptr<PartUploader> uploader_;
  std::function<void(std::uint64_t)> progress_;
  Background<void> check_;
  Overdraft overdraft_;
  std::string request_id_;
};

}  // namespace gantry::vfs
