#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "transfer/file.hpp"
#include "transfer/local_file.hpp"

namespace gantry::transfer {

Outcome<FileResult> download(ftp::Connection& connection, const std::string& remote, const std::string& local,
                             const FileOptions& options, Board& board, Board::Id id,
                             const std::atomic<bool>& /*stop*/) {
  board.phase(id, Phase::connecting);
  auto entry = options.known ? *options.known : connection.stat(remote);
  if (!entry) return ftp::failed(entry.error());
  const std::string part = local + ".part";
  auto file = LocalFile::create(part);
  if (!file) return ftp::failed(file.error());
  FileResult result{.target = local, .proof = "size"};
  board.start(id, 0, entry->size);
  const ftp::Sink sink = [&](ByteView bytes) -> Outcome<void> {
    board.moved(id, bytes.size());
    result.moved += bytes.size();
    return file->write(bytes);
  };
  if (auto done = connection.receive(remote, 0, {}, sink); !done) return ftp::failed(done.error());
  result.size = result.moved;
  if (entry->size && *entry->size != result.size)
    return ftp::failed(Why::mismatch, fmt::format("{} of {} bytes came", result.size, *entry->size));
  if (std::rename(part.c_str(), local.c_str()) != 0) return ftp::failed(Why::local, std::strerror(errno));
  board.phase(id, Phase::done);
  return result;
}

}  // namespace gantry::transfer
