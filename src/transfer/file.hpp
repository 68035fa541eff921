// One file to or from a server: what is there already, resume, transfer, proof, its final name.
// Must not know: several files, the screen, who asked.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "ftp/connection.hpp"
#include "transfer/board.hpp"

namespace gantry::transfer {

using ftp::Failure;
using ftp::Outcome;
using ftp::Why;

/// What becomes of a target that is there already and not the same.
enum class Existing : std::uint8_t {
  resume,  ///< continue what is a beginning of the source; anything else is refused with Why::mismatch
  overwrite,
  skip,
  rename,  ///< the new one gets a free name: "file (1).txt"
  ask,     ///< like resume; where that would refuse, `FileOptions::ask` decides
};

/// How a finished transfer is proved.
enum class Proof : std::uint8_t {
  automatic,  ///< the server's checksum where it has one, else the size
  strong,     ///< a checksum, or the transfer failed
  size,
  none,
};

struct FileOptions {
  Existing existing = Existing::resume;
  Proof proof = Proof::automatic;
  bool keep_times = true;                 ///< downloads get the server's time, uploads tell theirs by MFMT
  unsigned tries = 5;                     ///< in all; cut ones continue where they were
  Milliseconds first_pause = Seconds(1);  ///< before the second try; doubles up to `longest_pause`
  Milliseconds longest_pause = Seconds(60);
  std::function<Existing(const std::string& question)> ask{};
  /// Of a download: what a listing just said of the source; saves asking the server.
  std::optional<ftp::Entry> known{};
  /// Called before bytes are sent or taken; may wait to keep a bandwidth limit, but not beyond `stop`.
  std::function<void(std::size_t bytes, const std::atomic<bool>& stop)> pace{};
};

enum class End : std::uint8_t { done, already_there, skipped };

struct FileResult {
  End end = End::done;
  std::string target;       ///< the final name on the side written to
  std::uint64_t size = 0;   ///< of the whole file
  std::uint64_t moved = 0;  ///< bytes that crossed the network, all tries together
  std::string proof{};      ///< "SHA-256 3a7b...", "size", or empty
};

/// `remote` to the local file `local`. Bytes go to "LOCAL.part" and get the final name after the proof; what a failure
/// leaves there is continued by the next call. Ends on `stop` with Why::cancelled, keeping what is there.
[[nodiscard]] Outcome<FileResult> download(ftp::Connection& connection, const std::string& remote,
                                           const std::string& local, const FileOptions& options, Board& board,
                                           Board::Id id, const std::atomic<bool>& stop);

/// The local file `local` to `remote`.
[[nodiscard]] Outcome<FileResult> upload(ftp::Connection& connection, const std::string& local,
                                         const std::string& remote, const FileOptions& options, Board& board,
                                         Board::Id id, const std::atomic<bool>& stop);

}  // namespace gantry::transfer
