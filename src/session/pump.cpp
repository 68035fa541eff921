#include "session/pump.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/uio.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "async/event.hpp"
#include "base/log.hpp"
#include "base/pipe.hpp"
#include "digest/digest.hpp"
#include "proto/ascii.hpp"
#include "session/data_channel.hpp"
#include "session/data_sink.hpp"
#include "session/data_source.hpp"

namespace gantry::session {
namespace {

/// One step; also what a transfer holds at least of the byte budget.
constexpr std::size_t pump_block = 256 * kib;

bool at_hand(int descriptor, std::uint64_t offset) {
  char byte = 0;
  iovec one{&byte, 1};
  return preadv2(descriptor, &one, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
}

/// Waits for the pages.
void read_ahead(int descriptor, std::uint64_t offset, std::size_t count) {
  readahead(descriptor, static_cast<off64_t>(offset), count);
  char byte = 0;
  for (std::uint64_t at = offset; at < offset + count; at += 4096) {
    if (pread(descriptor, &byte, 1, static_cast<off_t>(at)) != 1) break;
  }
}

/// A page of the file that is not in memory would make sendfile wait for the disk, and the lane with it: let the
/// blocking pool bring it in first. Some file systems cannot tell whether it is.
Task<void> bring_in(Session& session, int descriptor, ByteRange wanted) {
  auto count = static_cast<std::size_t>(wanted.length);
  if (at_hand(descriptor, wanted.offset + count - 1) && at_hand(descriptor, wanted.offset)) co_return;
  auto done = co_await session.host().blocking_pool().run(
      [descriptor, offset = wanted.offset, count] { read_ahead(descriptor, offset, count); });
  if (!done) log::debug("read-ahead skipped", {{"reason", done.error().text()}});
}

Task<Result<void>> send_from_file(Session& session, DataSink& sink, const vfs::Reader& reader, ByteRange range,
                                  Moved& moved) {
  constexpr std::size_t step = 1 * mib;
  const int descriptor = *reader.descriptor();
  while (moved.bytes < range.length) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "download");
    auto count = static_cast<std::size_t>(std::min<std::uint64_t>(step, range.length - moved.bytes));
    if (!reader.in_memory()) co_await bring_in(session, descriptor, {range.offset + moved.bytes, count});
    auto sent = co_await sink.send_file(descriptor, range.offset + moved.bytes, count);
    if (!sent) co_return fail(std::move(sent.error()));
    if (*sent == 0) co_return fail(Errc::conflict, "download", "the file became shorter while it was sent");
    moved.bytes += *sent;
  }
  co_return Result<void>{};
}

Task<Result<void>> send_from_reader(Session& session, DataSink& sink, vfs::Reader& reader, std::uint64_t expected,
                                    Moved& moved) {
  bool ascii = session.state.type == TransferType::ascii;
  auto lease = session.host().byte_budget()->first(pump_block);
  std::vector<std::byte> buffer(pump_block);
  std::vector<std::byte> converted;
  proto::ToNetwork to_network;
  moved.checked = true;
  for (;;) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "download");
    auto count = co_await reader.read(buffer);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) break;
    ByteView block = ByteView(buffer).first(*count);
    moved.crc64 = digest::crc64(block, moved.crc64);
    moved.bytes += *count;
    if (ascii) {
      converted.clear();
      to_network.convert(block, converted);
      block = converted;
    }
    if (auto written = co_await sink.write(block); !written) co_return written;
  }
  if (moved.bytes != expected)
    co_return fail(Errc::unavailable, "download",
                   fmt::format("the storage gave {} bytes of {}", moved.bytes, expected));
  if (ascii) {
    converted.clear();
    to_network.finish(converted);
    if (auto written = co_await sink.write(converted); !written) co_return written;
  }
  co_return Result<void>{};
}

}  // namespace

Task<Result<void>> pump_out(Session& session, vfs::Reader& reader, ByteRange range, Moved& moved) {
  auto data = co_await open_data_connection(session);
  if (!data) co_return fail(std::move(data.error()));
  DataSink sink(session, **data, session.state.speed.download);
  bool as_is = session.state.type == TransferType::binary && sink.can_send_file();
  auto sent = reader.descriptor() && as_is ? co_await send_from_file(session, sink, reader, range, moved)
                                           : co_await send_from_reader(session, sink, reader, range.length, moved);
  if (sent) sent = co_await sink.flush();
  // Over TLS a failed download must not look like a whole one: no close_notify, so the client sees the cut.
  if (!sent) {
    (*data)->abort();
    co_return sent;
  }
  co_return co_await finish_sending(session, **data);
}

namespace {

/// Whether `count` bytes more fit into transfer.max_file_size.
Result<void> may_grow(const Session& session, const vfs::Upload& upload, std::size_t count) {
  const std::uint64_t largest = session.config().transfer.max_file_size;
  if (largest == 0 || count <= largest - std::min(largest, upload.position())) return {};
  return fail(Errc::too_large, "upload", fmt::format("transfer.max_file_size is {} bytes", largest));
}

/// Bytes from the data connection to the upload, until a clean end (true) or until there are `enough`.
Task<Result<bool>> copy_into(Session& session, DataSource& source, vfs::Upload& upload, std::uint64_t enough,
                             Moved& moved) {
  while (moved.bytes < enough) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "upload");
    auto room = co_await upload.prepare(pump_block);
    if (!room) co_return fail(std::move(room.error()));
    auto count = co_await source.read(*room);
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return true;
    if (auto fits = may_grow(session, upload, *count); !fits) co_return fail(std::move(fits.error()));
    moved.crc64 = digest::crc64(ByteView(*room).first(*count), moved.crc64);
    moved.bytes += *count;
    if (auto taken = co_await upload.advance(*count); !taken) co_return fail(std::move(taken.error()));
  }
  co_return false;
}

/// The same through a pipe until a clean end; false when there is none, or when what comes next must be copied.
Task<Result<bool>> splice_into(Session& session, DataSource& source, vfs::Upload& upload, Moved& moved) {
  const auto pipe = Pipe::make();
  if (!pipe) co_return false;
  for (;;) {
    if (co_await async::cancelled()) co_return fail(Errc::cancelled, "upload");
    auto count = co_await source.read_into(*pipe);
    if (!count && count.error().code == Errc::unsupported) co_return false;
    if (!count) co_return fail(std::move(count.error()));
    if (*count == 0) co_return true;
    moved.checked = false;  // these bytes nobody sees
    if (auto fits = may_grow(session, upload, *count); !fits) co_return fail(std::move(fits.error()));
    moved.bytes += *count;
    if (auto taken = co_await upload.take_from_pipe(pipe->out(), *count); !taken)
      co_return fail(std::move(taken.error()));
  }
}

}  // namespace

Task<Result<void>> pump_in(Session& session, tls::Stream& data, vfs::Upload& upload, Moved& moved) {
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  DataSource source(session, data, session.state.speed.upload);
  moved.checked = true;
  // A small file is not worth a pipe.
  const bool may_splice = source.can_splice() && upload.takes_from_pipes();
  auto ended = co_await copy_into(session, source, upload, may_splice ? pump_block : all, moved);
  if (ended && !*ended) ended = co_await splice_into(session, source, upload, moved);
  if (ended && !*ended) ended = co_await copy_into(session, source, upload, all, moved);
  if (!ended) co_return fail(std::move(ended.error()));
  co_return Result<void>{};
}

}  // namespace gantry::session
