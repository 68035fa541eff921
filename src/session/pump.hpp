// Moves the bytes of a transfer between its data connection and the storage, the shortest way both ends have: from file
// to socket in the kernel, from socket to file through a pipe, or through this program's memory.
// Must not know: replies, what becomes of the file.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "session/session.hpp"
#include "tls/stream.hpp"
#include "vfs/file_system.hpp"

namespace gantry::session {

/// What went through so far, also when it ends in an error.
struct Moved {
  std::uint64_t bytes = 0;  ///< of the file, after conversion
  std::uint64_t crc64 = 0;
  bool checked = false;  ///< crc64 covers every byte; never of what only the kernel saw
};

/// Opens the data connection, sends `range` of the file and ends the connection, in failure with a reset. Errors of the
/// data channel and of the reader; conflict when the file became shorter, unavailable when the storage gave too little.
[[nodiscard]] Task<Result<void>> pump_out(Session& session, vfs::Reader& reader, ByteRange range, Moved& moved);

/// Bytes from the data connection to the upload until a clean end. Errors of both; too_large beyond
/// transfer.max_file_size.
[[nodiscard]] Task<Result<void>> pump_in(Session& session, tls::Stream& data, vfs::Upload& upload, Moved& moved);

}  // namespace gantry::session
