// Line ends of TYPE A (RFC 959 section 3.1.1.1): LF here, CR LF on the wire. Streams in chunks cut anywhere.
// Must not know: sockets, files.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.hpp"

namespace gantry::proto {

/// LF becomes CR LF; what is CR LF already stays so. At most doubles what goes in.
class ToNetwork {
 public:
  /// Appends to `out`; the number of bytes appended.
  std::size_t convert(ByteView in, std::vector<std::byte>& out);
  /// The end of the file: nothing is ever held back, and the object is ready for another file.
  std::size_t finish(std::vector<std::byte>& out);

 private:
  bool after_cr_ = false;
};

/// CR LF becomes LF, also when chunks cut between them; any other CR stays. Appends at most one byte more than goes in.
class FromNetwork {
 public:
  /// Appends to `out`; the number of bytes appended. A CR at the end of `in` waits for what follows.
  std::size_t convert(ByteView in, std::vector<std::byte>& out);
  /// The end of the file: a waiting CR is appended, and the object is ready for another file.
  std::size_t finish(std::vector<std::byte>& out);

 private:
  bool waiting_cr_ = false;
};

}  // namespace gantry::proto
