// One big file over several connections at once, both ways. What cannot be parted goes over one, as download() and
// upload() do it. Must not know: several files, the screen, who asked.
#pragma once

#include "transfer/file.hpp"
#include "transfer/local_file.hpp"
#include "transfer/queue.hpp"

namespace gantry::transfer {

struct SegmentOptions {
  unsigned connections = 1;  ///< at most; a server that takes fewer is given fewer
  Connect more;              ///< makes those beside the caller's own
  std::function<void(const std::string& sentence)> note;
};

/// Like download(). The stretches stand in "LOCAL.part" where they belong, and "LOCAL.part.segments" says which are
/// there: the next call fetches what is missing, also after a crash of this machine.
[[nodiscard]] Outcome<FileResult> download_segmented(ftp::Connection& connection, const std::string& remote,
                                                     const std::string& local, const FileOptions& options,
                                                     const SegmentOptions& segments, Board& board, Board::Id id,
                                                     const std::atomic<bool>& stop);

/// Like upload(). To servers that join files on the store (COMB) the file goes in parts, hidden beside the target,
/// which appears whole or not at all; the next call goes on with the parts that are there.
[[nodiscard]] Outcome<FileResult> upload_segmented(ftp::Connection& connection, const std::string& local,
                                                   const std::string& remote, const FileOptions& options,
                                                   const SegmentOptions& segments, Board& board, Board::Id id,
                                                   const std::atomic<bool>& stop);

/// Makes of an unfinished file with stretches one that has a beginning only, as download() continues it. Returns the
/// size of the beginning, which of others is all of it.
[[nodiscard]] Outcome<std::uint64_t> keep_beginning(LocalFile& part);

}  // namespace gantry::transfer
