// The book of checksums that were computed while objects were uploaded, for those that could not be sent with the
// object itself. An entry belongs to one version of an object: whoever overwrites it makes the entry void.
// Must not know: how checksums are computed; databases (sql_digest_book.hpp does).
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "async/task.hpp"
#include "base/error.hpp"
#include "digest/digest.hpp"

namespace gantry::vfs {

/// One version of an object.
struct ObjectVersion {
  std::string key;
  std::string etag;
};

/// Thread-safe; every lane uses the same one. It is bounded: the oldest entries go first. Losing one costs a download
/// when somebody asks, so nothing waits for it to be safe. Errors: unavailable or conflict, when the book cannot be
/// read or written.
class DigestBook {
 public:
  virtual ~DigestBook() = default;

  /// Replaces what is on record of the key.
  [[nodiscard]] virtual Task<Result<void>> keep(std::string store, ObjectVersion object, digest::Digests digests) = 0;
  /// Empty when nothing is on record of this version.
  [[nodiscard]] virtual Task<Result<digest::Digests>> find(std::string store, ObjectVersion object) = 0;
  [[nodiscard]] virtual Task<Result<void>> forget(std::string store, std::string key) = 0;

  /// `to` has the bytes of `from` (the same key, when only its metadata changed).
  struct Move {
    ObjectVersion from;
    ObjectVersion to;
  };
  [[nodiscard]] virtual Task<Result<void>> moved(std::string store, std::vector<Move> moves) = 0;
};

/// Keeps the book in this process only, of the last `most` objects (about 500 bytes each).
[[nodiscard]] std::shared_ptr<DigestBook> make_memory_digest_book(std::size_t most = 10'000);

}  // namespace gantry::vfs
