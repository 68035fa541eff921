// COMB: several files become one, on the store.
#include <fmt/format.h>

#include <set>

#include "proto/quoted_names.hpp"
#include "session/commands/handlers.hpp"
#include "session/reply_map.hpp"
#include "session/session.hpp"

namespace gantry::session::commands {
namespace {

using accounts::Permission;
using proto::reply;

constexpr std::size_t most_sources = 1000;

struct Wish {
  vfs::Path target;
  std::vector<vfs::Path> sources;
};

std::expected<Wish, proto::Reply> parse(const Session& session, std::string_view argument) {
  auto names = proto::parse_names(argument);
  if (!names || names->size() < 2)
    return std::unexpected(reply(501, "COMB takes the new name and those of the files to join, in quotes if need be"));
  if (names->size() - 1 > most_sources)
    return std::unexpected(reply(501, fmt::format("At most {} files are joined at once", most_sources)));
  Wish wish;
  std::set<vfs::Path> seen;
  for (std::size_t i = 0; i < names->size(); ++i) {
    auto path = session.resolve((*names)[i]);
    if (!path) return std::unexpected(refuse(session, path.error()));
    if (!seen.insert(*path).second)
      return std::unexpected(reply(
          553, *path == wish.target ? "The new file cannot be one of those that are joined" : "A file is named twice"));
    if (i == 0)
      wish.target = std::move(*path);
    else
      wish.sources.push_back(std::move(*path));
  }
  return wish;
}

void record(const Session& session, const Wish& wish, const Result<vfs::Combined>& result) {
  log::Fields fields = session.log_fields();
  fields.emplace_back("what", "join files");
  fields.emplace_back("path", wish.target.text());
  fields.emplace_back("files", wish.sources.size());
  fields.emplace_back("outcome", result ? std::string("done") : result.error().text());
  if (result) fields.emplace_back("left", result->left.size());
  log::write(result ? log::Level::info : log::Level::warning, "change", fields);
}

Answer why_not(Session& session, Error error) {
  if (error.code == Errc::cancelled)
    co_return refuse(session, error, reply(426, "Joining aborted; nothing is changed"));
  if (vfs::is_uncertain(error))
    co_return refuse(session, error,
                     reply(451, "Nobody knows whether the new file is there; those that were to be joined are"));
  if (error.code == Errc::across_stores)
    co_return refuse(session, error, reply(553, "Files of different stores or mounts cannot be joined"));
  proto::Reply answer = co_await explain(session, error);
  co_return refuse(session, error, std::move(answer));
}

}  // namespace

Answer comb(Session& session, std::string argument) {
  auto wish = parse(session, argument);
  if (!wish) co_return std::move(wish.error());
  session.state.progress = Progress{
      .what = "COMB " + wish->target.text(), .bytes = 0, .started = SteadyClock::now(), .stops_with_client = true};
  const auto progress = [&session](std::uint64_t bytes) {
    if (session.state.progress) session.state.progress->bytes = bytes;
  };
  const std::uint64_t limit = session.config().transfer.max_file_size;
  auto done = co_await session.state.files->combine(
      wish->target, wish->sources, {.most = limit > 0 ? limit : ByteRange::unbounded, .progress = progress});
  record(session, *wish, done);
  if (!done) co_return co_await why_not(session, std::move(done.error()));
  const std::string made = fmt::format("{} files are joined: {} bytes", wish->sources.size(), done->entry.size);
  if (done->left.empty()) co_return reply(250, made);
  co_return reply(
      250, fmt::format("{}; the new file is whole, but {} of them could not be removed", made, done->left.size()));
}

std::string comb_feature(const Session& session) {
  const auto rights = session.state.account.permissions_anywhere();
  const bool usable = rights.allows(Permission::write) && rights.allows(Permission::rename);
  return session.state.logged_in && !usable ? "" : "COMB target;source_list";
}

}  // namespace gantry::session::commands
