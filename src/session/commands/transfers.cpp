// RETR, STOR, APPE, STOU: what is transferred; how is transfer.cpp's business.
#include <fmt/format.h>
#include <sys/random.h>

#include "session/commands/handlers.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"
#include "session/transfer.hpp"

namespace gantry::session::commands {
namespace {

using proto::reply;

proto::Reply refuse_name(Session& session, const Error& error) {
  session.state.next = {};
  session.state.data.clear();
  return refuse(session, error);
}

std::string ready_to_receive(const vfs::Path& path) { return fmt::format("Ready to receive {}", path.name()); }

std::string unique_name() {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random)
    random = static_cast<std::uint64_t>(wall_now().time_since_epoch().count());
  return fmt::format("ftp-{:016x}", random);
}

}  // namespace

Answer retr(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse_name(session, target.error());
  co_return co_await download(session, std::move(*target));
}

Answer stor(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse_name(session, target.error());
  std::string text = ready_to_receive(*target);
  co_return co_await upload(session, {std::move(*target), {}, std::move(text)});
}

Answer appe(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse_name(session, target.error());
  if (session.state.next.restart.value_or(0) > 0) {
    session.state.next = {};
    session.state.data.clear();
    co_return reply(503, "APPE continues at the end by itself; use REST with STOR");
  }
  std::string text = ready_to_receive(*target);
  co_return co_await upload(session, {std::move(*target), {.mode = vfs::UploadMode::append}, std::move(text)});
}

Answer stou(Session& session, std::string path) {
  // RFC 959 gives STOU no argument; many clients send a suggested name, whose directory we follow.
  auto base = session.resolve(path.empty() ? "." : path);
  if (!base) co_return refuse_name(session, base.error());
  vfs::Path directory = path.empty() ? *base : base->parent();
  std::string name = path.empty() ? unique_name() : fmt::format("{}.{}", base->name(), unique_name().substr(4));
  if (!vfs::valid_name(name)) name = unique_name();
  session.state.next.restart.reset();
  co_return co_await upload(
      session, {directory.child(name), {.mode = vfs::UploadMode::create_new}, fmt::format("FILE: {}", name)});
}

}  // namespace gantry::session::commands
