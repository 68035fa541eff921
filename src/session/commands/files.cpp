// Directories and files by name: PWD, CWD, MKD, RMD, DELE, RNFR, RNTO, SIZE, MDTM, MFMT, AVBL.
#include <fmt/format.h>

#include "proto/time_text.hpp"
#include "session/commands/handlers.hpp"
#include "session/messages.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using proto::reply;

Task<Result<vfs::Entry>> look_up(Session& session, const vfs::Path& path) { return session.state.files->stat(path); }

Task<proto::Reply> change_directory(Session& session, vfs::Path path) {
  auto entered = co_await session.state.files->enter(path);
  if (!entered) co_return refuse(session, entered.error());
  session.state.cwd = std::move(path);
  auto message = co_await directory_message(session);
  co_return with_message(250, std::move(message),
                         fmt::format("Directory is {}", proto::quote_path(session.state.cwd.text())));
}

proto::Reply done_or(const Session& session, const Result<void>& result, std::string text) {
  return result ? reply(250, std::move(text)) : refuse(session, result.error());
}

/// What a path operation leaves in the log beyond the command's line: who changed what.
void record_change(const Session& session, std::string_view what, const vfs::Path& path, const Result<void>& result) {
  log::Fields fields = session.log_fields();
  fields.emplace_back("what", what);
  fields.emplace_back("path", path.text());
  fields.emplace_back("outcome", result ? std::string("done") : result.error().text());
  log::write(result ? log::Level::info : log::Level::warning, "change", fields);
}

}  // namespace

Answer pwd(Session& session, std::string) {
  co_return reply(257, fmt::format("{} is the current directory", proto::quote_path(session.state.cwd.text())));
}

Answer cwd(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  co_return co_await change_directory(session, std::move(*target));
}

Answer cdup(Session& session, std::string) { co_return co_await change_directory(session, session.state.cwd.parent()); }

Answer mkd(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  auto made = co_await session.state.files->make_directory(*target);
  record_change(session, "make directory", *target, made);
  if (!made) co_return refuse(session, made.error());
  co_return reply(257, fmt::format("{} is made", proto::quote_path(target->text())));
}

Answer rmd(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  if (session.state.cwd.within(*target)) co_return reply(550, "You are in that directory");
  auto removed = co_await session.state.files->remove_directory(*target);
  record_change(session, "remove directory", *target, removed);
  co_return done_or(session, removed, "The directory is removed");
}

Answer dele(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  auto removed = co_await session.state.files->remove_file(*target);
  record_change(session, "remove file", *target, removed);
  co_return done_or(session, removed, "The file is removed");
}

Answer rnfr(Session& session, std::string path) {
  auto source = session.resolve(path);
  if (!source) co_return refuse(session, source.error());
  if (source->is_root()) co_return reply(550, "The root cannot be renamed");
  if (auto may = co_await session.state.files->may_rename(*source); !may) co_return refuse(session, may.error());
  session.state.rename_from = std::move(*source);
  co_return reply(350, "Send the new name with RNTO");
}

Answer rnto(Session& session, std::string path) {
  auto source = std::exchange(session.state.rename_from, std::nullopt);
  if (!source) co_return reply(503, "Send RNFR first");
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  auto renamed = co_await session.state.files->rename(*source, *target);
  record_change(session, "rename to " + target->text(), *source, renamed);
  if (!renamed) co_return refuse(session, renamed.error(), to_reply(session, renamed.error()));
  co_return reply(250, "The name is changed");
}

Answer size(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  // RFC 3659 section 4: the size of what a transfer would send, which ASCII leaves unknown without reading it all.
  if (session.state.type == TransferType::ascii)
    co_return reply(550, "SIZE is known in binary only: send TYPE I first");
  auto entry = co_await look_up(session, *target);
  if (!entry) co_return refuse(session, entry.error());
  if (entry->kind == vfs::Kind::directory) co_return reply(550, "That is a directory");
  co_return reply(213, fmt::format("{}", entry->size));
}

Answer mdtm(Session& session, std::string path) {
  auto target = session.resolve(path);
  if (!target) co_return refuse(session, target.error());
  auto entry = co_await look_up(session, *target);
  if (!entry) co_return refuse(session, entry.error());
  if (entry->kind == vfs::Kind::directory) co_return reply(550, "That is a directory");
  co_return reply(213, proto::format_time_val(entry->modified));
}

Answer mfmt(Session& session, std::string argument) {
  auto parts = proto::split_time_and_path(argument);
  if (!parts) co_return reply(501, "MFMT takes YYYYMMDDHHMMSS and a path");
  auto target = session.resolve(parts->path);
  if (!target) co_return refuse(session, target.error());
  auto set = co_await session.state.files->set_time(*target, parts->time);
  record_change(session, "set time", *target, set);
  if (!set) co_return refuse(session, set.error());
  co_return reply(213, fmt::format("Modify={}; {}", proto::format_time_val(parts->time), target->text()));
}

Answer avbl(Session& session, std::string path) {
  auto target = session.resolve(path.empty() ? "." : path);
  if (!target) co_return refuse(session, target.error());
  auto entry = co_await look_up(session, *target);
  if (!entry) co_return refuse(session, entry.error());
  if (entry->kind != vfs::Kind::directory) co_return reply(550, "That is not a directory");
  auto space = co_await session.state.files->free_space(*target);
  if (!space && space.error().code == Errc::unsupported) co_return reply(550, "The free space is not known here");
  if (!space) co_return refuse(session, space.error());
  co_return reply(213, fmt::format("{}", *space));
}

}  // namespace gantry::session::commands
