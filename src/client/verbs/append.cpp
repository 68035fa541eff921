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

/// Bytes the file on the server has; 0 where there is none.
ftp::Outcome<std::uint64_t> size_there(const Place& place) {
  auto entry = place.connection->stat(place.path);
  if (!entry && entry.error().why == ftp::Why::refused) return 0;
  if (!entry) return ftp::failed(entry.error());
  if (entry->size) return *entry->size;
  return place.connection->size(place.path);
}

/// The bytes of `file` from `offset` on.
ftp::Outcome<void> send_rest(Session& session, transfer::Board::Id id, transfer::LocalFile& file, std::uint64_t offset,
                             const Place& to) {
  transfer::Board& board = session.board();
  if (auto sought = file.seek(offset); !sought) return sought;
  board.start(id, offset, file.size());
  const ftp::Source source = [&](MutableBytes space) -> ftp::Outcome<std::size_t> {
    auto read = file.read(space);
    if (!read) return read;
    board.moved(id, *read);
    if (session.settings().file.pace) session.settings().file.pace(*read, session.stop());
    return read;
  };
  return to.connection->send(to.path, {.append = true}, source, [&] { board.phase(id, transfer::Phase::storing); });
}

/// The size of the whole. Sizes are the only proof there is: nobody knows a checksum of what stood there before.
ftp::Outcome<std::uint64_t> append(Session& session, const std::string& from, const Place& to) {
  auto file = transfer::LocalFile::open(from);
  if (!file) return ftp::failed(file.error());
  const auto before = size_there(to);
  if (!before) return before;
  const std::uint64_t whole = *before + file->size();
  const auto id = session.board().add(from, transfer::Direction::up, file->size());
  auto there = before;
  // Some servers lose the end of what arrives and keep the rest: the next try begins behind that.
  for (unsigned left = session.settings().file.tries; left > 0 && there && *there >= *before && *there < whole;
       --left) {
    auto sent = send_rest(session, id, *file, *there - *before, to);
    there = sent ? size_there(to) : ftp::failed(sent.error());
  }
  if (there && *there != whole)
    there = ftp::failed(ftp::Why::mismatch, fmt::format("{} bytes there and {} here make {}, but the server has {}",
                                                        *before, file->size(), whole, *there));
  session.board().phase(id, there ? transfer::Phase::done : transfer::Phase::failed, there ? "" : there.error().text);
  return there;
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
