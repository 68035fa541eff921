// The receiving half of a transfer: bytes come from the data connection through the stall limit, the speed limit,
// MODE Z and the ASCII conversion.
#pragma once

#include <memory>
#include <vector>

#include "async/watchdog.hpp"
#include "base/pipe.hpp"
#include "limits/pace.hpp"
#include "proto/ascii.hpp"
#include "session/session.hpp"
#include "tls/stream.hpp"

namespace gantry::session {

class DataSource {
 public:
  /// Borrows session and stream. Counts into session.state.progress.
  DataSource(Session& session, tls::Stream& data, limits::RateLimiters limiters);
  ~DataSource();
  DataSource(const DataSource&) = delete;
  DataSource& operator=(const DataSource&) = delete;

  /// At least one byte, or 0 at a clean end. Errc::data_broken for everything else that ends the connection, a
  /// damaged or unfinished MODE Z stream included; cancelled.
  [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes buffer);
  /// read() without copying, as much as an empty pipe takes; only when can_splice(). Errc::unsupported when the kernel
  /// cannot, or not now: nothing was read then, and read() goes on.
  [[nodiscard]] Task<Result<std::size_t>> read_into(const Pipe& pipe);
  [[nodiscard]] bool can_splice() const { return !inflater_ && !ascii_ && data_.can_splice(); }

 private:
  struct Inflater;
  [[nodiscard]] Task<Result<std::size_t>> receive(MutableBytes buffer);
  /// One `read` of at most so many bytes, under the limits.
  template <class Read>
  [[nodiscard]] Task<Result<std::size_t>> limited(std::size_t most, Read read);
  [[nodiscard]] Task<Result<std::size_t>> inflate_some(MutableBytes buffer);
  [[nodiscard]] Task<Result<void>> convert_more();

  Session& session_;
  tls::Stream& data_;
  limits::Pace pace_;
  async::Watchdog stall_;  // rests while we wait for something else than the peer
  std::unique_ptr<Inflater> inflater_;
  std::unique_ptr<proto::FromNetwork> ascii_;
  std::vector<std::byte> raw_;        // ASCII only: before conversion
  std::vector<std::byte> converted_;  // ASCII only: after it, from `taken_` on not yet handed out
  std::size_t taken_ = 0;
  bool ended_ = false;
};

}  // namespace gantry::session
