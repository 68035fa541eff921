// A listing as it comes: lines are read and dropped at once, so that only the entries take memory.
// Must not know: connections.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "ftp/entry.hpp"
#include "ftp/failure.hpp"

namespace gantry::ftp {

struct ListingLimits {
  std::size_t bytes = 0;
  std::size_t entries = 0;
};

class ListingReader {
 public:
  /// `facts`: lines of MLSD, otherwise of LIST.
  ListingReader(bool facts, ListingLimits limits, WallTime now) : facts_(facts), limits_(limits), now_(now) {}

  /// Fails when a limit is passed.
  Outcome<void> take(ByteView bytes);
  /// The last line may come without an end.
  Outcome<void> finish();

  /// Without "." and "..".
  [[nodiscard]] std::vector<Entry>& entries() { return entries_; }
  [[nodiscard]] std::size_t unsafe() const { return unsafe_; }  ///< left out: names that must not be used

 private:
  Outcome<void> take_line(std::string_view line);

  bool facts_;
  ListingLimits limits_;
  WallTime now_;
  std::string line_;       ///< begun, its end has not come
  std::size_t bytes_ = 0;  ///< in all
  std::vector<Entry> entries_;
  std::size_t unsafe_ = 0;
};

}  // namespace gantry::ftp
