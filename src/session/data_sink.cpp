#include "session/data_sink.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

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

DataSink::DataSink(Session& session, tls::Stream& data, limits::RateLimiters limiters)
    : session_(session),
      data_(data),
      pace_(std::move(limiters)),
      stall_(data.executor(), session.config().server.data_stall_timeout, [this] { data_.abort(); }) {
  stall_.rest();
  if (session.state.mode == TransferMode::deflate) deflater_ = std::make_unique<Deflater>(session.state.deflate_level);
}

DataSink::~DataSink() = default;

bool DataSink::can_send_file() const { return !deflater_ && data_.can_send_file(); }

void DataSink::moved(std::size_t bytes) {
  pace_.spend(bytes);
  if (session_.state.progress) session_.state.progress->bytes += bytes;
}

Task<Result<void>> DataSink::write_out(ByteView bytes) {
  while (!bytes.empty()) {
    if (!co_await pace_.ready()) co_return fail(Errc::cancelled, "send");
    const ByteView slice = bytes.first(std::min(bytes.size(), pace_.allowance()));
    stall_.touch();
    auto written = co_await data_.write(slice);
    stall_.rest();
    if (stall_.expired()) co_return fail(Errc::data_broken, "send", "the peer stopped reading");
    if (!written) co_return written;
    moved(slice.size());
    bytes = bytes.subspan(slice.size());
  }
  co_return Result<void>{};
}

Task<Result<std::size_t>> DataSink::send_file(int descriptor, std::uint64_t offset, std::size_t count) {
  if (!co_await pace_.ready()) co_return fail(Errc::cancelled, "send");
  const std::size_t slice = std::min(count, pace_.allowance());
  stall_.touch();
  auto sent = co_await data_.send_file(descriptor, offset, slice);
  stall_.rest();
  if (stall_.expired()) co_return fail(Errc::data_broken, "send", "the peer stopped reading");
  if (sent) moved(*sent);
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
