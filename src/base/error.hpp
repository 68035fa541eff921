// Expected failures: a code that says what the caller may do, and a text for the log.
// Must not know: FTP reply codes (session/reply_map.cpp translates), HTTP, sockets.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace gantry {

/// What went wrong, by what may be done about it.
enum class Errc : std::uint8_t {
  not_found,
  unfinished,  ///< only an interrupted upload of it is there
  is_directory,
  not_directory,
  not_empty,
  denied,
  mount_point,    ///< the tree itself needs the directory: it is neither removed nor renamed
  across_stores,  ///< source and target do not lie in one store
  already_exists,
  bad_name,
  bad_offset,
  invalid,  ///< the request itself makes no sense (bad argument)
  quota,
  too_large,
  no_space,
  unsupported,
  throttled,
  conflict,     ///< somebody else changed it meanwhile
  unavailable,  ///< the store or the network, after retries
  timed_out,
  corrupt,           ///< checksums or sizes differ
  data_open_failed,  ///< the data connection never opened
  data_broken,       ///< the data connection broke or ended without a clean end
  cancelled,
  internal,
};

/// The enumerator's name, for logs.
[[nodiscard]] std::string_view to_string(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string operation;   ///< what was attempted, e.g. "put_part"
  std::string detail;      ///< for the log; never shown to a client, never a secret
  std::string request_id;  ///< the store's request id when there is one

  /// "operation: code: detail (request id ...)" for a log line.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

/// Builds the unexpected side of a Result: `return fail(Errc::not_found, "head", key)`.
[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string operation, std::string detail = {},
                                                 std::string request_id = {}) {
  return std::unexpected(Error{code, std::move(operation), std::move(detail), std::move(request_id)});
}

/// Hands an error on unchanged: `if (!r) return fail(std::move(r.error()))`.
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace gantry
