#include "transfer/file.hpp"
#include "transfer/local_file.hpp"

namespace gantry::transfer {

Outcome<FileResult> upload(ftp::Connection& connection, const std::string& local, const std::string& remote,
                           const FileOptions& /*options*/, Board& board, Board::Id id,
                           const std::atomic<bool>& /*stop*/) {
  auto file = LocalFile::open(local);
  if (!file) return ftp::failed(file.error());
  FileResult result{.target = remote, .size = file->size(), .proof = "size"};
  board.start(id, 0, result.size);
  const ftp::Source source = [&](MutableBytes space) -> Outcome<std::size_t> {
    auto read = file->read(space);
    if (read) {
      result.moved += *read;
      board.moved(id, *read);
    }
    return read;
  };
  if (auto done = connection.send(remote, {}, source, [&] { board.phase(id, Phase::storing); }); !done)
    return ftp::failed(done.error());
  board.phase(id, Phase::done);
  return result;
}

}  // namespace gantry::transfer
