// How the next transfer goes: TYPE, STRU, MODE, PORT, EPRT, PASV, EPSV, ALLO, REST, RANG, and ABOR.
#include <fmt/format.h>

#include "base/text.hpp"
#include "proto/host_port.hpp"
#include "proto/numbers.hpp"
#include "session/address.hpp"
#include "session/commands/handlers.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using proto::reply;

/// RFC 2577: never connect to anybody but the client, never to a port where another service may listen.
constexpr std::uint16_t lowest_active_port = 1024;

proto::Reply refuse_after_epsv_all() { return reply(501, "After EPSV ALL only EPSV opens data connections"); }

proto::Reply aim_at(Session& session, proto::HostPort target) {
  boost::system::error_code error;
  auto address = asio::ip::make_address(target.address, error);
  if (error || address != session.peer() || target.port < lowest_active_port)
    return reply(501, "Data connections go to your own address and to ports from 1024 on only");
  session.control().stream().offer_ticket();
  session.state.data.clear();
  session.state.data.active = std::move(target);
  return reply(200, "Ready to connect");
}

/// Listens where the client reached us; nothing when the range is used up.
std::optional<std::uint16_t> listen(Session& session) {
  State& state = session.state;
  state.data.clear();
  auto listener = session.host().open_passive(session.control().stream().local_endpoint().address());
  if (!listener) {
    log::warning("no passive port", {{"session", session.id()}, {"reason", listener.error().text()}});
    return std::nullopt;
  }
  boost::system::error_code error;
  std::uint16_t port = listener->acceptor.local_endpoint(error).port();
  session.control().stream().offer_ticket();
  state.data.passive = std::move(*listener);
  return port;
}

proto::Reply no_passive_port() { return reply(425, "No passive port is free; try again in a while"); }

std::optional<asio::ip::address_v4> own_ipv4(const Session& session) {
  auto local = unmapped(session.control().stream().local_endpoint().address());
  return local.is_v4() ? std::optional(local.to_v4()) : std::nullopt;
}

}  // namespace

Answer type(Session& session, std::string code) {
  std::string text = to_upper(trim(code));
  if (text == "A" || text == "A N") {
    session.state.type = TransferType::ascii;
    co_return reply(200, "Type is ASCII");
  }
  if (text == "I" || text == "L 8") {
    session.state.type = TransferType::binary;
    co_return reply(200, "Type is binary");
  }
  co_return reply(504, "The types are A, A N, I and L 8");
}

Answer stru(Session&, std::string code) {
  std::string letter = to_upper(trim(code));
  if (letter == "F") co_return reply(200, "Structure is file");
  co_return reply(504, "Only the file structure is known here");
}

Answer mode(Session& session, std::string code) {
  std::string letter = to_upper(trim(code));
  if (letter == "S") {
    session.state.mode = TransferMode::stream;
    co_return reply(200, "Mode is stream");
  }
  if (letter == "Z" && session.config().server.mode_z) {
    session.state.mode = TransferMode::deflate;
    co_return reply(200, "Mode is deflate");
  }
  co_return reply(504, "That mode is not offered here");
}

Answer port(Session& session, std::string address) {
  if (session.state.epsv_all) co_return refuse_after_epsv_all();
  auto target = proto::parse_port(address);
  if (!target) co_return reply(501, "PORT takes h1,h2,h3,h4,p1,p2");
  co_return aim_at(session, std::move(*target));
}

Answer eprt(Session& session, std::string address) {
  if (session.state.epsv_all) co_return refuse_after_epsv_all();
  auto target = proto::parse_eprt(address);
  if (!target && target.error() == proto::HostPortError::unsupported_family)
    co_return reply(522, "Network protocol not supported, use (1,2)");
  if (!target) co_return reply(501, "EPRT takes |family|address|port|");
  co_return aim_at(session, std::move(*target));
}

Answer pasv(Session& session, std::string) {
  if (session.state.epsv_all) co_return refuse_after_epsv_all();
  auto local = own_ipv4(session);
  if (!local) co_return reply(425, "PASV is for IPv4; use EPSV");
  auto shown = co_await session.host().masquerade_address();
  auto port = listen(session);
  if (!port) co_return no_passive_port();
  co_return reply(
      227, fmt::format("Entering passive mode {}", proto::format_pasv(shown.value_or(*local).to_string(), *port)));
}

Answer epsv(Session& session, std::string family) {
  switch (proto::parse_epsv(family)) {
    case proto::EpsvArgument::all:
      session.state.epsv_all = true;
      co_return reply(200, "Only EPSV opens data connections from now on");
    case proto::EpsvArgument::ipv4:
      if (!own_ipv4(session)) co_return reply(522, "Network protocol not supported, use (2)");
      break;
    case proto::EpsvArgument::ipv6:
      if (own_ipv4(session)) co_return reply(522, "Network protocol not supported, use (1)");
      break;
    case proto::EpsvArgument::none:
      break;
    case proto::EpsvArgument::unsupported:
      co_return reply(522, own_ipv4(session) ? "Network protocol not supported, use (1)"
                                             : "Network protocol not supported, use (2)");
    case proto::EpsvArgument::syntax:
      co_return reply(501, "EPSV takes nothing, 1, 2 or ALL");
  }
  auto port = listen(session);
  if (!port) co_return no_passive_port();
  co_return reply(229, fmt::format("Entering extended passive mode {}", proto::format_epsv(*port)));
}

Answer allo(Session& session, std::string size) {
  // RFC 959: ALLO n [R m]; the record size means nothing here.
  auto words = split(trim(size), ' ');
  auto bytes = proto::parse_offset(words.front());
  bool with_record = words.size() == 3 && to_upper(words[1]) == "R" && proto::parse_offset(words[2]);
  if (!bytes || !(words.size() == 1 || with_record)) co_return reply(501, "ALLO takes a number of bytes");
  std::uint64_t largest = session.config().transfer.max_file_size;
  if (largest > 0 && *bytes > largest) co_return larger_than(largest);
  session.state.next.announced = bytes;
  co_return reply(200, "Size noted");
}

Answer rest(Session& session, std::string offset) {
  auto bytes = proto::parse_offset(trim(offset));
  if (!bytes) co_return reply(501, "REST takes a number of bytes");
  session.state.next.restart = bytes;
  session.state.next.range.reset();
  co_return reply(350, fmt::format("Restarting at {}; send RETR or STOR", *bytes));
}

Answer rang(Session& session, std::string range) {
  auto bounds = proto::parse_range(trim(range));
  if (!bounds) co_return reply(501, "RANG takes the first and the last byte: RANG 0 99; RANG 1 0 resets");
  session.state.next.restart.reset();
  if (bounds->reset) {
    session.state.next.range.reset();
    co_return reply(350, "The range is reset");
  }
  session.state.next.range = ByteRange{bounds->first, bounds->last - bounds->first + 1};
  co_return reply(350, fmt::format("Restarting at {}, ending at {}; send RETR", bounds->first, bounds->last));
}

Answer abor(Session& session, std::string) {
  bool running = session.busy();
  if (running) {
    session.stop_running(StopReason::abort_command);
    co_await session.join_running();
  }
  session.state.data.clear();
  co_return reply(running ? 226 : 225, running ? "Abort done" : "Nothing to abort");
}

}  // namespace gantry::session::commands
