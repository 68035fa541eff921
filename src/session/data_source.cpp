#include "session/data_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace gantry::session {
namespace {

constexpr std::size_t ascii_block = 64 * kib;

}  // namespace

struct DataSource::Inflater {
  Inflater() { inflateInit(&stream); }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};
  std::array<std::byte, 64 * kib> in;
  bool complete = false;
};

DataSource::DataSource(Session& session, tls::Stream& data, limits::RateLimiters limiters)
    : session_(session),
      data_(data),
      pace_(std::move(limiters)),
      stall_(data.executor(), session.config().server.data_stall_timeout, [this] { data_.abort(); }) {
  stall_.rest();
  if (session.state.mode == TransferMode::deflate) inflater_ = std::make_unique<Inflater>();
  if (session.state.type == TransferType::ascii) {
    ascii_ = std::make_unique<proto::FromNetwork>();
    raw_.resize(ascii_block);
  }
}

DataSource::~DataSource() = default;

template <class Read>
Task<Result<std::size_t>> DataSource::limited(std::size_t most, Read read) {
  if (!co_await pace_.ready()) co_return fail(Errc::cancelled, "receive");
  stall_.touch();
  auto count = co_await read(std::min(most, pace_.allowance()));
  stall_.rest();
  if (stall_.expired()) co_return fail(Errc::data_broken, "receive", "the peer stopped sending");
  if (!count) co_return count;
  pace_.spend(*count);
  if (session_.state.progress) session_.state.progress->bytes += *count;
  co_return count;
}

Task<Result<std::size_t>> DataSource::receive(MutableBytes buffer) {
  return limited(buffer.size(), [this, buffer](std::size_t most) { return data_.read_some(buffer.first(most)); });
}

Task<Result<std::size_t>> DataSource::read_into(const Pipe& pipe) {
  return limited(Pipe::room, [this, &pipe](std::size_t most) { return data_.read_into_pipe(pipe.in(), most); });
}

Task<Result<std::size_t>> DataSource::inflate_some(MutableBytes buffer) {
  z_stream& z = inflater_->stream;
  z.next_out = reinterpret_cast<Bytef*>(buffer.data());
  z.avail_out = static_cast<uInt>(buffer.size());
  while (z.avail_out == buffer.size()) {
    if (z.avail_in == 0) {
      auto count = co_await receive(inflater_->in);
      if (!count) co_return count;
      if (*count == 0) {
        if (inflater_->complete || z.total_in == 0) co_return std::size_t{0};
        co_return fail(Errc::data_broken, "inflate", "the compressed stream is cut off");
      }
      if (inflater_->complete) co_return fail(Errc::data_broken, "inflate", "bytes after the compressed stream");
      z.next_in = reinterpret_cast<Bytef*>(inflater_->in.data());
      z.avail_in = static_cast<uInt>(*count);
    }
    int state = inflate(&z, Z_NO_FLUSH);
    if (state == Z_STREAM_END) {
      inflater_->complete = true;
      if (z.avail_in > 0) co_return fail(Errc::data_broken, "inflate", "bytes after the compressed stream");
    } else if (state != Z_OK && state != Z_BUF_ERROR) {
      co_return fail(Errc::data_broken, "inflate", "not a zlib stream");
    }
  }
  co_return buffer.size() - z.avail_out;
}

Task<Result<void>> DataSource::convert_more() {
  converted_.clear();
  taken_ = 0;
  while (converted_.empty() && !ended_) {
    auto count = inflater_ ? co_await inflate_some(raw_) : co_await receive(raw_);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) {
      ended_ = true;
      ascii_->finish(converted_);
    } else {
      ascii_->convert(ByteView(raw_).first(*count), converted_);
    }
  }
  co_return Result<void>{};
}

Task<Result<std::size_t>> DataSource::read(MutableBytes buffer) {
  if (!ascii_) co_return inflater_ ? co_await inflate_some(buffer) : co_await receive(buffer);
  if (taken_ == converted_.size()) {
    if (auto more = co_await convert_more(); !more) co_return fail(std::move(more.error()));
  }
  std::size_t count = std::min(buffer.size(), converted_.size() - taken_);
  std::copy_n(converted_.begin() + static_cast<std::ptrdiff_t>(taken_), count, buffer.begin());
  taken_ += count;
  co_return count;
}

}  // namespace gantry::session
