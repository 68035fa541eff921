#include "session/control_channel.hpp"

#include <sys/socket.h>
#include <boost/asio/post.hpp>

#include <array>

#include "base/log.hpp"

namespace gantry::session {
namespace {

/// async::cancelled() without a coroutine of its own: these loops turn with every command.
bool asked_to_stop(const asio::cancellation_state& state) { return state.cancelled() != asio::cancellation_type::none; }

/// How many bytes the kernel takes now. What is wrong with a connection shows again to whoever sends the rest.
std::size_t send_at_once(int descriptor, std::string_view bytes) {
  const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace

ControlChannel::ControlChannel(std::unique_ptr<tls::Stream> stream, async::Event& changed)
    : stream_(std::move(stream)),
      changed_(changed),
      room_(stream_->executor()),
      sent_(stream_->executor()),
      reader_(max_line) {}

void ControlChannel::start() {
  may_write_ = true;
  reading_ = async::Child(stream_->executor(), "control reader", read_lines());
  if (!unsent_.empty()) start_writing();
}

void ControlChannel::start_writing() {
  if (writing_.running() || !may_write_) return;
  writing_ = async::Child(stream_->executor(), "control writer", write_replies(), [this] { writing_ = {}; });
}

Task<void> ControlChannel::stop() {
  may_write_ = false;
  reading_.cancel();
  writing_.cancel();
  co_await reading_.join();
  co_await writing_.join();
}

proto::Line ControlChannel::take_line() {
  proto::Line line = std::move(lines_.front());
  lines_.erase(lines_.begin());
  room_.notify();
  return line;
}

void ControlChannel::take_lines_from_reader() {
  while (lines_.size() < max_waiting_lines) {
    auto line = reader_.next();
    if (!line) return;
    lines_.push_back(std::move(*line));
    changed_.notify();
  }
}

Task<void> ControlChannel::read_lines() {
  // Idle sessions are many, and each keeps this.
  std::array<std::byte, 512> buffer;
  bool filled = true;
  while (!asked_to_stop(co_await asio::this_coro::cancellation_state)) {
    take_lines_from_reader();
    if (lines_.size() >= max_waiting_lines) {
      co_await room_.wait();
      continue;
    }
    // What did not fill the buffer was all there is: mostly the client waits for its answer now.
    auto count = co_await (filled ? stream_->read_some(buffer) : stream_->read_later(buffer));
    if (count && *count > 0) {
      filled = *count == buffer.size();
      reader_.feed(as_text(ByteView(buffer).first(*count)));
      continue;
    }
    if (!count && count.error().code == Errc::cancelled) co_return;
    if (!count) {
      broken_ = true;
      log::debug("control connection broke", {{"reason", count.error().text()}});
    }
    break;
  }
  ended_ = true;
  changed_.notify();
  // Lines beyond the bound are handed over as room appears, though no more bytes will come.
  while (!reader_.empty() && !co_await async::cancelled()) {
    std::size_t before = lines_.size();
    take_lines_from_reader();
    if (lines_.size() == before && lines_.size() < max_waiting_lines) co_return;  // only an unfinished line is left
    if (lines_.size() >= max_waiting_lines) co_await room_.wait();
  }
}

Task<void> ControlChannel::write_replies() {
  // Replies to pipelined commands come together.
  co_await asio::post(stream_->executor(), asio::use_awaitable);
  while (!unsent_.empty() && !asked_to_stop(co_await asio::this_coro::cancellation_state)) {
    in_flight_ = std::exchange(unsent_, {});
    auto written = co_await stream_->write(as_byte_view(in_flight_));
    in_flight_.clear();
    if (!written) {
      if (written.error().code != Errc::cancelled) broken_ = true;
      ended_ = true;
      may_write_ = false;
      break;
    }
    changed_.notify();
  }
  sent_.notify();
  changed_.notify();
}

void ControlChannel::send(const proto::Reply& reply) {
  if (reply.code == 0) return;
  std::string wire = proto::to_wire(reply);
  // The writer is woken for what does not go at once; of pipelined commands, it sends the replies together.
  const bool first = unsent_.empty() && in_flight_.empty() && lines_.empty();
  if (first && !stream_->encrypted()) wire.erase(0, send_at_once(stream_->native_handle(), wire));
  if (wire.empty()) return;
  unsent_ += wire;
  start_writing();
}

void ControlChannel::give_up() {
  may_write_ = false;
  broken_ = true;
  ended_ = true;
  changed_.notify();
}

Task<void> ControlChannel::flush(SteadyClock::duration limit) {
  auto deadline = SteadyClock::now() + limit;
  while ((!unsent_.empty() || !in_flight_.empty()) && !broken_ && writing_.running()) {
    if (!co_await sent_.wait_until(deadline)) co_return;
  }
}

Task<Result<void>> ControlChannel::handshake(std::shared_ptr<const tls::ServerContext> context,
                                             SteadyClock::duration limit) {
  co_return co_await stream_->handshake(std::move(context), tls::Role::control, limit);
}

Task<Result<void>> ControlChannel::upgrade(const proto::Reply& go_ahead,
                                           std::shared_ptr<const tls::ServerContext> context,
                                           SteadyClock::duration limit) {
  std::string clear_reply = proto::to_wire(go_ahead);
  co_await flush(limit);
  co_await stop();
  // Commands sent in clear behind AUTH must never be run as protected ones: nothing received so far survives.
  std::size_t dropped = lines_.size() + reader_.buffered() + stream_->drop_unread_clear_bytes();
  lines_.clear();
  reader_.clear();
  if (dropped > 0) log::warning("dropped bytes sent in clear after AUTH", {{"count", dropped}});
  if (auto sent = co_await stream_->write(as_byte_view(clear_reply)); !sent) co_return sent;
  auto result = co_await stream_->handshake(std::move(context), tls::Role::control, limit);
  if (result) start();
  co_return result;
}

}  // namespace gantry::session
