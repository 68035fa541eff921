// The sending half of a transfer: bytes go through MODE Z, the speed limit and the stall limit to the data connection.
#pragma once

#include <memory>
#include <vector>

#include "async/watchdog.hpp"
#include "limits/pace.hpp"
#include "session/session.hpp"
#include "tls/stream.hpp"

namespace gantry::session {

class DataSink {
 public:
  /// Borrows session and stream. Counts into session.state.progress.
  DataSink(Session& session, tls::Stream& data, limits::RateLimiters limiters);
  ~DataSink();
  DataSink(const DataSink&) = delete;
  DataSink& operator=(const DataSink&) = delete;

  /// Errc::data_broken (also when the peer takes nothing for server.data_stall_timeout), cancelled.
  [[nodiscard]] Task<Result<void>> write(ByteView bytes);
  /// The same from a file, without copying; only when can_send_file(). Bytes sent: at most what a speed limit allows
  /// at once, 0 at the end of the file.
  [[nodiscard]] Task<Result<std::size_t>> send_file(int descriptor, std::uint64_t offset, std::size_t count);
  [[nodiscard]] bool can_send_file() const;
  /// What compression still holds.
  [[nodiscard]] Task<Result<void>> flush();

 private:
  struct Deflater;
  [[nodiscard]] Task<Result<void>> write_out(ByteView bytes);
  void moved(std::size_t bytes);

  Session& session_;
  tls::Stream& data_;
  limits::Pace pace_;
  async::Watchdog stall_;  // rests while we wait for something else than the peer
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace gantry::session
