// The control connection: lines in, replies out, each in its own coroutine so that a client that does not read
// cannot keep us from hearing its ABOR. Must not know: what a command means.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/child.hpp"
#include "async/event.hpp"
#include "proto/line_reader.hpp"
#include "proto/reply.hpp"
#include "tls/stream.hpp"

namespace gantry::session {

class ControlChannel {
 public:
  /// Longest command line (peers-classic: vsftpd's 4096) and how many wait unread before we stop reading.
  static constexpr std::size_t max_line = 4096;
  static constexpr std::size_t max_waiting_lines = 64;
  /// Replies a client has not taken; beyond this no further command is answered until it reads.
  static constexpr std::size_t max_unsent = 64 * 1024;

  /// `changed` is notified on every new line, at the end of input and when replies have drained.
  ControlChannel(std::unique_ptr<tls::Stream> stream, async::Event& changed);

  void start();
  /// Ends reader and writer; what was queued and not sent is lost unless flush() came first.
  [[nodiscard]] Task<void> stop();

  [[nodiscard]] bool has_line() const { return !lines_.empty(); }
  [[nodiscard]] const proto::Line& front() const { return lines_.front(); }
  [[nodiscard]] proto::Line take_line();
  [[nodiscard]] std::size_t waiting_lines() const { return lines_.size(); }
  [[nodiscard]] const std::vector<proto::Line>& lines() const { return lines_; }

  /// The client ended its side or the connection broke; lines that came before may still wait.
  [[nodiscard]] bool ended() const { return ended_; }
  /// Broken, so that nothing more can be said.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] bool congested() const { return unsent_.size() > max_unsent; }

  /// A reply with code 0 stands for one that was sent already: nothing happens.
  void send(const proto::Reply& reply);
  /// Waits until every reply is with the kernel, the connection is broken or `limit` has passed.
  [[nodiscard]] Task<void> flush(SteadyClock::duration limit);

  /// AUTH TLS: sends `go_ahead` in clear, drops every byte received before it, and shakes hands.
  [[nodiscard]] Task<Result<void>> upgrade(const proto::Reply& go_ahead,
                                           std::shared_ptr<const tls::ServerContext> context,
                                           SteadyClock::duration limit);
  /// Implicit TLS: the handshake comes first. Call before start().
  [[nodiscard]] Task<Result<void>> handshake(std::shared_ptr<const tls::ServerContext> context,
                                             SteadyClock::duration limit);

  /// After a failed handshake nothing can be said or heard any more.
  void give_up();

  [[nodiscard]] tls::Stream& stream() { return *stream_; }
  [[nodiscard]] const tls::Stream& stream() const { return *stream_; }

 private:
  [[nodiscard]] Task<void> read_lines();
  [[nodiscard]] Task<void> write_replies();
  void start_writing();
  void take_lines_from_reader();

  std::unique_ptr<tls::Stream> stream_;
  async::Event& changed_;
  async::Event room_;  // lines were taken
  async::Event sent_;  // everything queued is out
  proto::LineReader reader_;
  std::vector<proto::Line> lines_;  // few: the first is taken from the front
  std::string unsent_;
  std::string in_flight_;
  async::Child reading_;
  async::Child writing_;  // while there is something to send: idle sessions are many
  bool ended_ = false;
  bool broken_ = false;
  bool may_write_ = false;  // between start() and stop(), until a write fails
};

}  // namespace gantry::session
