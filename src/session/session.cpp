#include "session/session.hpp"

#include <fmt/format.h>

#include "base/secret.hpp"
#include "base/text.hpp"
#include "proto/command_line.hpp"
#include "session/address.hpp"
#include "session/command_table.hpp"
#include "session/dispatch.hpp"
#include "session/messages.hpp"
#include "session/reply_map.hpp"

namespace gantry::session {
namespace {

using proto::reply;

/// How long a last reply may take to reach a client that does not read.
constexpr auto farewell_limit = std::chrono::seconds(5);
/// Without any reply taken for so long, a client with a full reply queue is gone.
constexpr auto congestion_limit = std::chrono::seconds(60);
constexpr unsigned max_long_lines = 1;

/// One line a command: what was asked, by whom, and the answer. Secret arguments are masked.
void log_command(const Session& session, const Row* row, const proto::CommandLine& command, int code) {
  if (!log::enabled(log::Level::info)) return;
  log::Fields fields = session.log_fields();
  // An unknown verb may be a password sent at the wrong time; which verbs clients miss is told once they are known.
  fields.emplace_back("verb",
                      row == nullptr && !session.state.logged_in ? hidden_secret : std::string_view(command.verb));
  if (!command.argument.empty()) {
    bool secret = row == nullptr || row->secrecy == Secrecy::secret;
    fields.emplace_back("argument", secret ? hidden_secret : std::string_view(command.argument));
  }
  fields.emplace_back("reply", code);
  log::info("command", fields);
}

}  // namespace

Session::Session(Host& host, Tcp::socket socket, Security security)
    : host_(host),
      config_(host.config()),
      changed_(socket.get_executor()),
      alarm_(socket.get_executor(), changed_),
      id_(host.next_session_id()),
      security_(security),
      control_(std::make_unique<tls::Stream>(std::move(socket)), changed_) {
  peer_ = unmapped(control_.stream().remote_endpoint().address());
  peer_text_ = peer_.to_string();
}

log::Fields Session::log_fields() const {
  log::Fields fields;
  fields.reserve(12);  // lines about transfers have so many
  fields.emplace_back("session", id_);
  fields.emplace_back("peer", peer_text_);
  if (!state.user.empty()) fields.emplace_back("user", state.user);
  return fields;
}

Summary Session::summary() const {
  const auto since = [now = SteadyClock::now()](SteadyClock::time_point then) {
    return std::chrono::duration_cast<Milliseconds>(now - then);
  };
  Summary all{.id = id_,
              .peer = peer_text_,
              .user = state.logged_in ? state.account.name : std::string(),
              .encrypted = encrypted(),
              .client = state.client,
              .directory = state.logged_in ? state.cwd.text() : std::string(),
              .age = since(started_),
              .idle = running_ ? Milliseconds::zero() : since(last_activity_)};
  if (state.progress) {
    all.transfer = state.progress->what;
    all.bytes = state.progress->bytes;
  }
  return all;
}

Result<vfs::Path> Session::resolve(std::string_view argument) const { return vfs::Path::resolve(state.cwd, argument); }

void Session::reinitialise() {
  Protection protection = state.protection;
  bool pbsz = state.pbsz_given;
  unsigned failures = state.failed_logins;
  // Only a login earns time for another one.
  if (state.logged_in) started_ = SteadyClock::now();
  state = State{};
  state.failed_logins = failures;
  if (security_ == Security::implicit_tls) {
    state.protection = protection;
    state.pbsz_given = pbsz;
  }
  last_activity_ = SteadyClock::now();
}

Task<void> Session::run() {
  if (co_await open()) {
    control_.start();
    co_await serve();
  }
  co_await close();
}

Task<bool> Session::open() {
  if (security_ == Security::implicit_tls) {
    auto context = host_.tls();
    if (!context) co_return false;
    if (auto done = co_await control_.handshake(std::move(context), config_->tls.handshake_timeout); !done) {
      log::info("tls handshake failed", {{"session", id_}, {"peer", peer_text_}, {"reason", done.error().text()}});
      co_return false;
    }
    state.pbsz_given = true;
    state.protection = Protection::private_;
  }
  if (!co_await take_place()) co_return false;
  log::debug("session opened", log_fields());
  control_.send(reply(220, put_names_in(*this, config_->server.banner)));
  co_return true;
}

Task<bool> Session::take_place() {
  auto slot = host_.session_limits().enter(peer_);
  if (slot) {
    slot_ = std::move(*slot);
    co_return true;
  }
  log::warning("session refused", {{"peer", peer_text_}, {"reason", limits::to_string(slot.error())}});
  const std::string refusal = proto::to_wire(reply(421, slot.error() == limits::Refusal::address_full
                                                            ? "Too many connections from your address; close one first"
                                                            : "The server is full; try again later"));
  // One small write: it fits the socket's buffer and does not wait.
  co_await control_.stream().write(as_byte_view(refusal));
  co_await control_.stream().finish(farewell_limit);
  co_return false;
}

Task<void> Session::serve() {
  while (!co_await async::cancelled()) {
    if (running_ && !running_->child.running()) finish_running();
    if (closing_ && !running_) co_return;
    if (control_.broken() || (control_.ended() && stops_with_client())) stop_running(StopReason::control_lost);
    if (running_ && abort_waits()) stop_running(StopReason::abort_command);
    if (draining_ && !running_) {
      control_.send(reply(421, "The server is going down; connect again in a while"));
      co_return;
    }
    // Whatever it sends: without a login it may not stay.
    if (!state.logged_in && !running_ && SteadyClock::now() >= idle_deadline()) {
      control_.send(reply(421, "Nobody logged in within the time for it; closing the connection"));
      co_return;
    }
    if (control_.has_line() && !control_.congested() && !closing_ && next_line_may_run()) {
      co_await execute(control_.take_line());
      continue;
    }
    if (control_.ended() && !running_ && (control_.broken() || !control_.has_line())) co_return;
    if (!running_ && !control_.has_line() && SteadyClock::now() >= idle_deadline()) {
      control_.send(reply(421, "Nothing was sent for too long; closing the connection"));
      co_return;
    }
    co_await wait_for_work();
  }
}

Task<void> Session::wait_for_work() {
  if (control_.congested()) {
    // Answers pile up: only the client's reading, or the end of our patience, brings us further.
    auto patience = SteadyClock::now() + congestion_limit;
    if (!state.logged_in) patience = std::min(patience, idle_deadline());
    if (!co_await changed_.wait_until(patience) && control_.congested()) {
      log::info("client does not read its replies", log_fields());
      stop_running(StopReason::control_lost);
      closing_ = true;
    }
    co_return;
  }
  // The short wait is a safety net against a lost wake-up only; every event notifies.
  alarm_.ring_by(running_ ? SteadyClock::now() + std::chrono::seconds(1) : idle_deadline());
  co_await changed_.wait();
}

SteadyClock::time_point Session::idle_deadline() const {
  if (!state.logged_in) return started_ + config_->server.login_timeout;
  return last_activity_ + config_->server.idle_timeout;
}

bool Session::next_line_may_run() const {
  if (!running_) return true;
  const proto::Line& line = control_.front();
  if (line.kind != proto::Line::Kind::command) return false;
  const Row* row = find_row(command_table(), proto::parse_command(line.text).verb);
  return row != nullptr && row->during != During::waits;
}

bool Session::stops_with_client() const {
  return running_ && (running_->row->data == Data::used || (state.progress && state.progress->stops_with_client));
}

bool Session::abort_waits() const {
  // It counts from its arrival, wherever it stands among the pipelined lines.
  return std::ranges::any_of(control_.lines(), [](const proto::Line& line) {
    if (line.kind != proto::Line::Kind::command) return false;
    const Row* row = find_row(command_table(), proto::parse_command(line.text).verb);
    return row != nullptr && row->during == During::aborts;
  });
}

void Session::stop_running(StopReason reason) {
  if (!running_ || stop_reason_ != StopReason::none) return;
  stop_reason_ = reason;
  running_->child.cancel();
}

Task<void> Session::join_running() {
  if (!running_) co_return;
  co_await running_->child.join();
  finish_running();
}

void Session::finish_running() {
  running_.reset();
  stop_reason_ = StopReason::none;
  state.progress.reset();
  last_activity_ = SteadyClock::now();
}

void Session::hear_no_ftp(int code, std::string text) {
  control_.send(reply(code, std::move(text)));
  // Who has logged in may make mistakes.
  if (!state.logged_in && host_.defender().heard_no_ftp(peer_, wall_now())) closing_ = true;
}

Task<void> Session::execute(proto::Line line) {
  if (line.kind == proto::Line::Kind::too_long) {
    closing_ = ++long_lines_ > max_long_lines;
    hear_no_ftp(500, "The command line is too long");
    co_return;
  }
  if (line.kind == proto::Line::Kind::bad_byte) {
    hear_no_ftp(501, "The command line holds a NUL or a bare CR");
    co_return;
  }
  if (line.text.empty()) co_return;  // no command, and no sign of life either
  auto command = proto::parse_command(line.text);
  if (proto::looks_like_http_or_smtp(command, line.text)) {
    log::warning("not an FTP client", log_fields());
    hear_no_ftp(421, "This is an FTP server");
    closing_ = true;
    co_return;
  }
  last_activity_ = SteadyClock::now();
  auto row = admit(*this, command);
  if (!row) {
    log_command(*this, find_row(command_table(), command.verb), command, row.error().code);
    control_.send(row.error());
    co_return;
  }
  if ((*row)->runs == Runs::quick || running_) {
    auto answer = co_await (*row)->handler(*this, command.argument);
    log_command(*this, *row, command, answer.code);
    control_.send(answer);
    last_activity_ = SteadyClock::now();
    co_return;
  }
  running_.emplace(*row, async::Child(executor(), "command", run_command(*row, std::move(command.argument)),
                                      [this] { changed_.notify(); }));
}

Task<void> Session::run_command(const Row* row, std::string argument) {
  proto::CommandLine command{std::string(row->verb), argument, !argument.empty()};
  auto answer = co_await row->handler(*this, std::move(argument));
  log_command(*this, row, command, answer.code == 0 ? std::exchange(early_code_, 0) : answer.code);
  control_.send(answer);
}

void Session::drain() {
  draining_ = true;
  changed_.notify();
}

Task<void> Session::close() {
  bool forced = co_await async::cancelled();
  co_await async::shield();
  if (running_) {
    stop_running(forced ? StopReason::drain : StopReason::control_lost);
    co_await join_running();
  }
  if (forced) control_.send(reply(421, "The server is closing this session"));
  if (!control_.broken()) {
    co_await control_.flush(farewell_limit);
    co_await control_.stop();
    if (slot_) co_await control_.stream().finish(std::chrono::seconds(1));
  }
  co_await control_.stop();
  control_.stream().close();
  if (slot_) log::debug("session closed", log_fields());
}

}  // namespace gantry::session
