// TLS on the control and data connections: AUTH, PBSZ, PROT, CCC (RFC 4217).
#include "base/text.hpp"
#include "session/commands/handlers.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using proto::reply;

}  // namespace

Answer auth(Session& session, std::string mechanism) {
  if (session.encrypted()) co_return reply(503, "The control connection is protected already");
  std::string name = to_upper(trim(mechanism));
  bool known = name == "TLS" || name == "TLS-C" || name == "SSL" || name == "TLS-P";
  if (!known) co_return reply(504, "Only AUTH TLS is known here");
  auto context = session.host().tls();
  if (!context) co_return reply(431, "TLS is not available now");
  auto done = co_await session.control().upgrade(reply(234, "Begin the TLS handshake"), std::move(context),
                                                 session.config().tls.handshake_timeout);
  if (!done) {
    log::Fields fields = session.log_fields();
    fields.emplace_back("reason", done.error().text());
    log::info("tls handshake failed", fields);
    session.control().give_up();
  }
  session.state.pbsz_given = false;
  session.state.protection = Protection::clear;
  co_return proto::Reply{};  // upgrade() has answered
}

Answer pbsz(Session& session, std::string size) {
  if (!session.encrypted()) co_return reply(503, "PBSZ comes after AUTH TLS");
  if (!parse_number(trim(size))) co_return reply(501, "PBSZ takes a number, which is 0 for TLS");
  session.state.pbsz_given = true;
  co_return reply(200, "PBSZ=0");
}

Answer prot(Session& session, std::string level) {
  State& state = session.state;
  if (!state.pbsz_given) co_return reply(503, "PROT comes after PBSZ");
  std::string letter = to_upper(trim(level));
  if (letter == "P") {
    state.protection = Protection::private_;
    co_return reply(200, "Data connections are private");
  }
  if (letter == "C") {
    if (session.config().tls.required || state.account.require_tls)
      co_return reply(534, "Data connections must be private here");
    state.protection = Protection::clear;
    co_return reply(200, "Data connections are clear");
  }
  if (letter == "S" || letter == "E") co_return reply(536, "TLS knows the levels C and P only");
  co_return reply(504, "The levels are C and P");
}

Answer ccc(Session& session, std::string) {
  if (!session.encrypted()) co_return reply(533, "The control connection is clear already");
  co_return reply(534, "The control connection stays protected here");
}

}  // namespace gantry::session::commands
