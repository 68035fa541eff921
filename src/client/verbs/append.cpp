// append: bytes of a local file behind those of a file on a server.
#include <fmt/format.h>

#include <memory>

#include "client/progress.hpp"
#include "client/results.hpp"
#include "client/verbs/verbs.hpp"
#include "transfer/local_file.hpp"

namespace gantry::client {
namespace {

struct Arguments {
  std::string from;
  std::string to;
};

constexpr int not_there = 550;

/// Bytes the file on the server has; 0 where there is none. What could not be found out is never taken for nothing.
ftp::Outcome<std::uint64_t> size_there(const Place& place) {
  if (auto size = place.connection->size(place.path)) return size;
  auto entry = place.connection->stat(place.path);
  if (!entry && entry.error().reply == not_there) return 0;
  if (!entry) return ftp::failed(entry.error());
  if (entry->size && entry->kind == ftp::Kind::file) return *entry->size;
  return ftp::failed(ftp::Why::refused, "the server does not tell its size, and so nothing could be proved");
}

/// The size of the whole. Sizes are the only proof there is, for nobody knows a checksum of what stood there before;
/// and it is sent once only, for a second time could put the same bytes there twice.
ftp::Outcome<std::uint64_t> append(Session& session, const std::string& from, const Place& to) {
  auto file = transfer::LocalFile::open(from);
  if (!file) return ftp::failed(file.error());
  const auto before = size_there(to);
  if (!before) return before;
  transfer::Board& board = session.board();
  const auto id = board.add(from, transfer::Direction::up, file->size());
  board.start(id, 0, file->size());
  std::uint64_t sent = 0;
  const ftp::Source source = [&](MutableBytes space) -> ftp::Outcome<std::size_t> {
    auto read = file->read(space);
    if (!read) return read;
    sent += *read;
    board.moved(id, *read);
    if (session.settings().file.pace) session.settings().file.pace(*read, session.stop());
    return read;
  };
  auto done =
      to.connection->send(to.path, {.append = true}, source, [&] { board.phase(id, transfer::Phase::storing); });
  auto after = done ? size_there(to) : ftp::failed(done.error());
  if (after && *after != *before + sent)
    after = ftp::failed(ftp::Why::mismatch, fmt::format("{} bytes there and {} sent make {}, but the server has {}",
                                                        *before, sent, *before + sent, *after));
  board.phase(id, after ? transfer::Phase::done : transfer::Phase::failed, after ? "" : after.error().text);
  return after;
}

Action define(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.add_option("from", arguments->from, "A file here")->required();
  app.add_option("to", arguments->to, "The file on the server; made when it is missing")->required();
  return [arguments](Session& session) {
    auto place = session.place(arguments->to);
    if (!place) return failed(session, "append", arguments->to, place.error());
    const ShowProgress progress(session.board(), session.settings());
    auto size = append(session, arguments->from, *place);
    if (!size) return failed(session, "append", arguments->from, size.error());
    boost::json::object more;
    put_name(more, "target", place->path);
    more["size"] = *size;
    return succeeded(session, "append", arguments->from, std::move(more));
  };
}

}  // namespace

std::vector<Verb> append_verbs() {
  return {{.name = "append",
           .aliases = {},
           .group = "copy",
           .summary = "Send a file behind what is there",
           .completes = Completes::local_then_remote,
           .moves = Moves::trees,
           .define = define}};
}

}  // namespace gantry::client
