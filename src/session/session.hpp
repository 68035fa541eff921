// One FTP session: its state, its control connection and the one command that may run beside the control loop.
// Must not know: what single commands do (commands/), how replies follow from errors (reply_map).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/alarm.hpp"
#include "async/child.hpp"
#include "async/event.hpp"
#include "base/log.hpp"
#include "session/control_channel.hpp"
#include "session/host.hpp"
#include "session/state.hpp"
#include "session/summary.hpp"

namespace gantry::session {

struct Row;

enum class Security : std::uint8_t { explicit_tls, implicit_tls };

/// Why the running command was asked to stop.
enum class StopReason : std::uint8_t { none, abort_command, control_lost, drain };

class Session {
 public:
  Session(Host& host, Tcp::socket socket, Security security);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The session's life, from the greeting to the closed connection. Ends early when the calling child is
  /// cancelled.
  [[nodiscard]] Task<void> run();

  /// Asks the session to end politely: a running transfer finishes, then 421 (RFC 959) and the end.
  void drain();

  State state;

  [[nodiscard]] Host& host() { return host_; }
  [[nodiscard]] const config::Config& config() const { return *config_; }
  [[nodiscard]] const asio::any_io_executor& executor() const { return control_.stream().executor(); }
  [[nodiscard]] bool encrypted() const { return control_.stream().encrypted(); }
  [[nodiscard]] ControlChannel& control() { return control_; }
  [[nodiscard]] const ControlChannel& control() const { return control_; }
  [[nodiscard]] const asio::ip::address& peer() const { return peer_; }
  [[nodiscard]] const std::string& peer_text() const { return peer_text_; }
  [[nodiscard]] std::uint64_t id() const { return id_; }
  [[nodiscard]] Security security() const { return security_; }
  [[nodiscard]] StopReason stop_reason() const { return stop_reason_; }

  /// A preliminary reply (1yz) from a running command.
  void send_preliminary(const proto::Reply& reply) { control_.send(reply); }
  /// The last reply of a command that has something left to do; it then returns a Reply with code 0.
  void answer_early(const proto::Reply& reply) {
    early_code_ = reply.code;
    control_.send(reply);
  }
  /// Relative to the working directory. Errc::bad_name.
  [[nodiscard]] Result<vfs::Path> resolve(std::string_view argument) const;
  /// For somebody who is no administrator. False: the server is full but for the places of administrators.
  [[nodiscard]] bool leave_reserve() { return host_.session_limits().leave_reserve(*slot_); }
  /// The session ends after the reply now being made.
  void close_after_reply() { closing_ = true; }
  /// Back to the state before USER; TLS stays (RFC 4217 section 11 leaves it to policy).
  void reinitialise();
  [[nodiscard]] Summary summary() const;
  /// Fields every log line about this session begins with.
  [[nodiscard]] log::Fields log_fields() const;

  // ABOR's part in a running command: see dispatch.
  [[nodiscard]] bool busy() const { return running_.has_value(); }
  void stop_running(StopReason reason);
  [[nodiscard]] Task<void> join_running();

 private:
  struct Running {
    const Row* row;
    async::Child child;
  };

  [[nodiscard]] Task<bool> open();
  [[nodiscard]] Task<bool> take_place();
  void hear_no_ftp(int code, std::string text);
  [[nodiscard]] Task<void> serve();
  [[nodiscard]] Task<void> close();
  [[nodiscard]] Task<void> wait_for_work();
  [[nodiscard]] Task<void> execute(proto::Line line);
  [[nodiscard]] bool next_line_may_run() const;
  [[nodiscard]] bool abort_waits() const;
  [[nodiscard]] bool stops_with_client() const;
  void finish_running();
  [[nodiscard]] SteadyClock::time_point idle_deadline() const;
  [[nodiscard]] Task<void> run_command(const Row* row, std::string argument);

  Host& host_;
  std::shared_ptr<const config::Config> config_;
  async::Event changed_;
  async::Alarm alarm_;
  asio::ip::address peer_;
  std::string peer_text_;
  std::uint64_t id_;
  Security security_;
  ControlChannel control_;
  std::optional<limits::SessionSlot> slot_;
  std::optional<Running> running_;
  StopReason stop_reason_ = StopReason::none;
  SteadyClock::time_point started_ = SteadyClock::now();
  SteadyClock::time_point last_activity_ = SteadyClock::now();
  unsigned long_lines_ = 0;
  int early_code_ = 0;
  bool closing_ = false;
  bool draining_ = false;
};

}  // namespace gantry::session
