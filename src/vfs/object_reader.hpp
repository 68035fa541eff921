// Reading an object: one request, and more of them side by side once the client turns out to be faster than one
// connection to the store. Must not know: FTP, which cloud.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "async/leased_memory.hpp"
#include "vfs/background.hpp"
#include "vfs/object_context.hpp"
#include "vfs/part_window.hpp"

namespace gantry::vfs {

/// The first request is for everything. When a few MiB have come and it was the store that was waited for, the rest is
/// asked for in segments, so many at once as make it faster and as there is memory to spare for (12 of 4 MiB at most,
/// delivered and not yet read included); all of the version that the first answer named. Where the store tells the
/// CRC-64 of the object, it is compared however the bytes came: Errc::corrupt instead of the last of them.
/// Single-threaded; may be destroyed at any time outside of read().
class ObjectReader : public Reader {
 public:
  ObjectReader(asio::any_io_executor executor, ObjectContextPtr context, std::unique_ptr<object::Body> body);

  [[nodiscard]] std::uint64_t size() const override { return info_.size; }
  [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes buffer) override;

  static constexpr std::uint64_t segment_size = 4 * mib;
  /// So much comes over one connection before more are tried, and only if it took longer than this: a connection of
  /// 100 MB/s is not what holds a client up.
  static constexpr std::uint64_t trial = 4 * mib;
  static constexpr std::chrono::milliseconds slow_trial{40};

 private:
  struct Arrived {
    std::vector<async::LeasedMemory> blocks;
    SteadyClock::duration took{};
  };
  struct Segment {
    ByteRange range;
    Background<Arrived> coming;
  };

  [[nodiscard]] static Task<Result<Arrived>> fetch(ObjectContextPtr context, object::ObjectInfo info, ByteRange range,
                                                   std::vector<async::LeasedMemory> blocks);
  [[nodiscard]] Task<Result<std::size_t>> read_stream(MutableBytes buffer);
  [[nodiscard]] Task<Result<std::size_t>> read_segments(MutableBytes buffer);
  [[nodiscard]] Task<Result<void>> next_segment();
  [[nodiscard]] Task<Result<void>> back_to_one();
  void consider_more();
  [[nodiscard]] bool worth_it() const;
  void ask_ahead();
  [[nodiscard]] bool ask_for_segment();
  void stop_asking();
  [[nodiscard]] Result<std::size_t> delivered(ByteView bytes);

  asio::any_io_executor executor_;
  ObjectContextPtr context_;  // a body must not outlive its store
  object::ObjectInfo info_;
  ByteRange range_;
  std::unique_ptr<object::Body> stream_;  // gone while segments are read
  std::uint64_t stream_end_;              // where they take over, in bytes of the range
  bool first_stream_ = true;              // it compares the checksum by itself
  std::uint64_t at_ = 0;                  // bytes of the range that were read
  std::uint64_t asked_ = 0;               // bytes of the range that were asked for, once there are segments
  std::deque<Segment> segments_;
  PartWindow window_{4};
  Arrived arrived_;               // the segment that is being read
  std::uint64_t arrived_at_ = 0;  // where it begins
  std::uint64_t arrived_end_ = 0;
  bool one_is_enough_ = false;
  bool proves_;              // the store said the CRC-64 of all that is read
  std::uint64_t crc64_ = 0;  // of all that was read, once there are segments
  SteadyClock::duration store_time_{};
  SteadyClock::duration client_time_{};
  SteadyClock::time_point returned_ = SteadyClock::now();
};

}  // namespace gantry::vfs
