// One multipart upload: parts go out in parallel, a bounded number unacknowledged, in the order they were handed in.
// Must not know: files, where the bytes come from.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/child.hpp"
#include "async/event.hpp"
#include "vfs/flush_window.hpp"
#include "vfs/object_context.hpp"
#include "vfs/part_buffer.hpp"
#include "vfs/part_window.hpp"

namespace gantry::vfs {

/// Made with make_shared: its senders keep it alive until they have ended. Single-threaded.
class PartUploader : public std::enable_shared_from_this<PartUploader> {
 public:
  PartUploader(const asio::any_io_executor& executor, ObjectContextPtr context, std::string key,
               object::PutOptions options);

  /// The parts, none of which will be a copy, are to be proved by CRC-32C where the store does that. Before anything is
  /// handed in.
  void prefer_crc32c() { by_crc32c_ = context_->wants_crc32c(); }
  /// Instead of starting a new upload: one that was taken from the ledger.
  void resume(HeldUpload taken);
  /// What to compute of the next part.
  [[nodiscard]] PartSums sums() const { return context_->part_sums(by_crc32c_); }

  /// Hands in the next part; waits while as many as allowed are on their way, or as much as the
  /// store takes in a few seconds. Its memory is given back as soon as it
  /// is acknowledged. The error of any part before it, too_large when the store takes no more parts, cancelled.
  [[nodiscard]] Task<Result<void>> send(PartBuffer part);
  /// Where copy() takes from, when that is another store: its Store::origin().
  void copy_from(std::string origin) { origin_ = std::move(origin); }
  /// The same for a range of an object that the store has: nothing passes through here.
  [[nodiscard]] Task<Result<void>> copy(std::string from, ByteRange range, std::string etag);

  /// Called with the acknowledged bytes whenever a part is.
  void tell(std::function<void(std::uint64_t bytes)> progress) { progress_ = std::move(progress); }
  /// Waits for all parts handed in and compares what the store has with what was asked for, before anything is joined:
  /// the CRC-64 with `expected` where both are known, otherwise the size and ETag of each part. Errc::corrupt;
  /// cancelled, and then it can only be aborted. 0 requests, or one for each 1000 parts.
  [[nodiscard]] Task<Result<void>> prove(std::optional<std::uint64_t> expected);

  /// Waits for all parts and joins them; the finished object is compared with what was sent. On a definite error the
  /// upload is aborted; after "uncertain" it is held and left alone. Run it where nobody cancels.
  [[nodiscard]] Task<Result<object::PutResult>> finish();
  /// Stops the senders, then aborts the upload.
  [[nodiscard]] Task<void> abort();
  /// Lets the parts on their way end, or stops them after `patience`; then holds what can be continued: the
  /// acknowledged parts without a gap. Their bytes; 0 when there are none (the upload is then aborted).
  [[nodiscard]] Task<std::uint64_t> hold(SteadyClock::duration patience);
  /// Leaves it: the senders are asked to stop, and the upload is left to the janitor. For destructors.
  void abandon();

  /// Set once a part failed.
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] std::size_t parts() const { return parts_.size(); }
  /// Bytes handed in, and their CRC-64 when it is known of every part.
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::optional<std::uint64_t> crc64() const;
  [[nodiscard]] const std::string& request_id() const { return request_id_; }

 private:
  using Self = std::shared_ptr<PartUploader>;
  [[nodiscard]] Task<Result<std::uint32_t>> next_number(std::uint64_t size, std::uint64_t on_the_way);
  [[nodiscard]] bool full(std::uint64_t on_the_way) const {
    return in_flight_ >= at_once_.width() || !window_.admits(on_the_way);
  }
  [[nodiscard]] Task<Result<void>> started();
  void stop();
  [[nodiscard]] Task<void> settled();
  [[nodiscard]] Task<Result<object::PutResult>> join();
  [[nodiscard]] Task<Result<void>> verify(object::PutResult finished);
  [[nodiscard]] Task<void> abort_upload();
  [[nodiscard]] static Task<void> start(Self self);
  [[nodiscard]] static Task<void> send_part(Self self, std::uint32_t number, PartBuffer part);
  [[nodiscard]] static Task<void> copy_part(Self self, std::uint32_t number, std::string from, ByteRange range,
                                            std::string etag);
  [[nodiscard]] Task<Result<void>> begin();
  [[nodiscard]] Task<void> note_unheard();
  [[nodiscard]] Task<Result<object::PartInfo>> record(Result<object::PartInfo> stored, std::uint32_t number);
  [[nodiscard]] std::size_t gapless() const;
  [[nodiscard]] Task<std::uint64_t> hand_to_ledger();
  [[nodiscard]] Task<void> strike_out();
  void let_go_if_lost(const Error& error);
  void tell_later(std::string ticket, std::size_t parts, const Error& error);
  [[nodiscard]] Task<void> doom();
  void acknowledge(std::uint32_t number, Result<object::PartInfo> result);
  void fail_with(Error error);

  asio::any_io_executor executor_;
  ObjectContextPtr context_;
  std::string key_;
  object::PutOptions options_;
  std::string origin_;
  std::string upload_id_;
  std::string ticket_;                   // of the ledger; empty: there is no ledger, or the upload has ended
  std::vector<object::PartInfo> parts_;  // number i + 1 at i; an empty ETag: not acknowledged yet
  std::vector<async::Child> senders_;
  async::Child starter_;
  bool by_crc32c_ = false;  // every part carries a CRC-32C: the store was, or is to be, asked to check by it
  bool start_asked_ = false;
  bool abandoned_ = false;
  std::size_t in_flight_ = 0;
  bool next_waits_ = false;   // a part waits for its place
  std::uint64_t stored_ = 0;  // acknowledged bytes
  FlushWindow window_;
  PartWindow at_once_;
  std::optional<Error> failure_;
  std::function<void(std::uint64_t)> progress_;
  async::Event changed_;
  std::string request_id_;
};

/// The ETag S3 gives to an object joined from these parts; nothing when a part's ETag is not a plain MD5.
[[nodiscard]] std::optional<std::string> composite_etag(const std::vector<object::PartInfo>& parts);
/// The 16 raw bytes of an ETag that is a plain MD5.
[[nodiscard]] std::optional<std::string> md5_of_etag(std::string_view etag);

}  // namespace gantry::vfs
