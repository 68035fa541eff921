#include "session/data_sink.hpp"

#include <zlib.h>

#include <array>

#include "async/event.hpp"
#include "async/watchdog.hpp"

namespace gantry::session {

/// One zlib stream (draft-preston-ftpext-deflate).
struct DataSink::Deflater {
  explicit Deflater(int level) { deflateInit(&stream, level); }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream stream{};
  std::array<std::byte, 64 * kib> out;
};

DataSink::DataSink(Session& session, tls::Stream& data, std::shared_ptr<limits::RateLimiter> limiter)
    : session_(session), data_(data), limiter_(std::move(limiter)) {
  if (session.state.mode == TransferMode::deflate) deflater_ = std::make_unique<Deflater>(session.state.deflate_level);
}

DataSink::~DataSink() = default;

bool DataSink::can_send_file() const { return !deflater_ && data_.can_send_file(); }

Task<bool> DataSink::wait_for_turn(std::size_t bytes) {
  if (session_.state.progress) session_.state.progress->bytes += bytes;
  if (!limiter_) co_return true;
  auto pause = limiter_->reserve(bytes, SteadyClock::now());
  if (pause <= Milliseconds::zero()) co_return true;
  co_return co_await async::sleep_for(pause);
}

Task<Result<void>> DataSink::write_out(ByteView bytes) {
  {
    async::Watchdog stall(data_.executor(), session_.config().server.data_stall_timeout, [this] { data_.abort(); });
    auto written = co_await data_.write(bytes);
    if (stall.expired()) co_return fail(Errc::data_broken, "send", "the peer stopped reading");
    if (!written) co_return written;
  }
  if (!co_await wait_for_turn(bytes.size())) co_return fail(Errc::cancelled, "send");
  co_return Result<void>{};
}

Task<Result<std::size_t>> DataSink::send_file(int descriptor, std::uint64_t offset, std::size_t count) {
  std::size_t sent = 0;
  {
    async::Watchdog stall(data_.executor(), session_.config().server.data_stall_timeout, [this] { data_.abort(); });
    auto result = co_await data_.send_file(descriptor, offset, count);
    if (stall.expired()) co_return fail(Errc::data_broken, "send", "the peer stopped reading");
    if (!result) co_return result;
    sent = *result;
  }
  if (!co_await wait_for_turn(sent)) co_return fail(Errc::cancelled, "send");
  co_return sent;
}

Task<Result<void>> DataSink::write(ByteView bytes) {
  if (!deflater_) co_return co_await write_out(bytes);
  z_stream& z = deflater_->stream;
  // zlib's interface is not const-correct; it does not write to its input.
  z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  while (z.avail_in > 0) {
    z.next_out = reinterpret_cast<Bytef*>(deflater_->out.data());
    z.avail_out = static_cast<uInt>(deflater_->out.size());
    deflate(&z, Z_NO_FLUSH);
    std::size_t made = deflater_->out.size() - z.avail_out;
    if (made == 0) continue;
    if (auto written = co_await write_out(ByteView(deflater_->out).first(made)); !written) co_return written;
  }
  co_return Result<void>{};
}

Task<Result<void>> DataSink::flush() {
  if (!deflater_) co_return Result<void>{};
  z_stream& z = deflater_->stream;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    z.next_out = reinterpret_cast<Bytef*>(deflater_->out.data());
    z.avail_out = static_cast<uInt>(deflater_->out.size());
    state = deflate(&z, Z_FINISH);
    std::size_t made = deflater_->out.size() - z.avail_out;
    if (auto written = co_await write_out(ByteView(deflater_->out).first(made)); !written) co_return written;
  }
  co_return Result<void>{};
}

}  // namespace gantry::session
