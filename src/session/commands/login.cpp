// Who is there: USER, PASS, ACCT, REIN, QUIT, HOST.
#include <fmt/format.h>

#include <algorithm>

#include "async/event.hpp"
#include "base/text.hpp"
#include "session/commands/handlers.hpp"
#include "session/messages.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using proto::reply;

/// One sentence for every refused login: nothing tells a wrong name from a wrong password.
proto::Reply refuse_login(Session& session, std::string_view reason) {
  State& state = session.state;
  ++state.failed_logins;
  const bool banned = session.host().defender().login_failed(session.peer(), state.user, wall_now());
  session.host().login_throttle().failed(session.peer(), state.user, SteadyClock::now());
  log::Fields fields = session.log_fields();
  fields.emplace_back("outcome", "refused");
  fields.emplace_back("reason", reason);
  log::warning("login", fields);
  state.user.clear();
  if (banned || state.failed_logins >= session.config().server.max_login_attempts) {
    session.close_after_reply();
    return reply(421, "Too many failed logins");
  }
  return reply(530, "Login incorrect");
}

/// A limit that only shows once it is known who somebody is. It is not told before the password was right: it would
/// say that the user exists.
proto::Reply refuse_session(Session& session, std::string_view limit, std::string text) {
  log::Fields fields = session.log_fields();
  fields.emplace_back("outcome", "refused");
  fields.emplace_back("reason", limit);
  log::warning("login", fields);
  session.close_after_reply();
  return reply(421, std::move(text));
}

accounts::Login attempt(const Session& session, Secret password) {
  return {session.state.user, std::move(password), session.peer_text(), session.encrypted(),
          session.control().stream().client_names()};
}

/// `code` and `text` are the reply to whoever gets in.
Task<proto::Reply> enter(Session& session, accounts::Account account, int code, std::string text) {
  State& state = session.state;
  if (!account.administrator && !session.leave_reserve())
    co_return refuse_session(session, to_string(limits::Refusal::server_full),
                             "The server is full but for its administrators; try again later");
  auto slot = session.host().session_limits().login(account.name, account.max_sessions);
  if (!slot)
    co_return refuse_session(session, to_string(slot.error()), "Too many sessions of this user; close one first");
  auto files = co_await session.host().open_file_system(account);
  if (!files) {
    log::Fields fields = session.log_fields();
    fields.emplace_back("outcome", "no home");
    fields.emplace_back("reason", files.error().text());
    log::error("login", fields);
    state.user.clear();
    co_return reply(451, "Your files cannot be reached now; try again later");
  }
  session.host().login_throttle().succeeded(session.peer(), state.user);
  session.host().defender().succeeded(session.peer(), wall_now());
  state.user_slot = std::move(*slot);
  state.files = std::move(*files);
  state.quota = session.host().quota(account);
  state.speed = session.host().speed_limits(account);
  state.account = std::move(account);
  state.logged_in = true;
  state.cwd = vfs::Path{};
  log::Fields fields = session.log_fields();
  fields.emplace_back("outcome", "accepted");
  fields.emplace_back("tls", session.control().stream().cipher());
  fields.emplace_back("client", state.client);
  log::info("login", fields);
  co_return with_message(code, message_lines(session, session.config().server.welcome), std::move(text));
}

}  // namespace

Answer user(Session& session, std::string name) {
  State& state = session.state;
  if (state.logged_in) co_return reply(503, "You are logged in already; REIN starts anew");
  if (has_control(name)) co_return reply(501, "A user name has no control characters");
  state.user = std::move(name);
  auto account = co_await session.host().accounts()->login_by_certificate(attempt(session, Secret{}));
  // RFC 4217 section 10.2: the certificate makes PASS superfluous.
  if (account) co_return co_await enter(session, std::move(*account), 232, "Logged in by your certificate");
  co_return reply(331, "Send the password with PASS");
}

Answer pass(Session& session, std::string password) {
  State& state = session.state;
  auto pause = session.host().login_throttle().delay(session.peer(), state.user, SteadyClock::now());
  if (pause > Milliseconds::zero() && !co_await async::sleep_for(pause)) co_return reply(421, "Closing");
  // Other connections may have tried meanwhile.
  if (session.host().defender().refuses(session.peer(), wall_now())) {
    session.close_after_reply();
    co_return reply(421, "Too many failed logins");
  }
  auto account = co_await session.host().accounts()->login(attempt(session, Secret(std::move(password))));
  if (account) co_return co_await enter(session, std::move(*account), 230, "Logged in");
  if (account.error().code == Errc::denied) co_return refuse_login(session, account.error().detail);
  log::Fields fields = session.log_fields();
  fields.emplace_back("outcome", "not checked");
  fields.emplace_back("reason", account.error().text());
  log::warning("login", fields);
  state.user.clear();
  co_return reply(421, "The login cannot be checked now; try again in a while");
}

Answer acct(Session&, std::string) { co_return reply(202, "Accounts are not used here"); }

Answer rein(Session& session, std::string) {
  session.reinitialise();
  co_return reply(220, "Ready for a new user");
}

Answer quit(Session& session, std::string) {
  session.close_after_reply();
  co_return reply(221, "Goodbye");
}

Answer host(Session& session, std::string name) {
  State& state = session.state;
  if (state.logged_in || !state.user.empty()) co_return reply(503, "HOST comes before USER");
  bool literal = name.size() > 2 && name.front() == '[' && name.back() == ']';
  bool syntax = std::ranges::all_of(name, [literal](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           (literal && (c == ':' || c == '[' || c == ']'));
  });
  if (name.empty() || !syntax) co_return reply(501, "HOST takes a host name or an address in brackets");
  const auto& known = session.config().server.host_names;
  bool accepted = known.empty() ||
                  std::ranges::any_of(known, [&](const std::string& one) { return equal_ignoring_case(one, name); });
  if (!accepted) co_return reply(504, "This server does not answer for that host");
  state.host_name = std::move(name);
  co_return reply(220, "Host accepted");
}

}  // namespace gantry::session::commands
